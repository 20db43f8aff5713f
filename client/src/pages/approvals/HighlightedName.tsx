import Box from "@mui/material/Box";
import type { ApprovalRowFragment } from "../../gql/graphql.ts";
import { highlight } from "../../queue/highlight.ts";

/** Name of a tag's resource, with what the evidence rests on marked by weight and ground. */
export function HighlightedName({ row }: { row: ApprovalRowFragment }) {
  const name = row.resource?.name ?? "–";
  return (
    <span title={name}>
      {highlight(name, row.evidence.signals).map((part, index) =>
        part.isMarked ? (
          <Box
            component="mark"
            key={index}
            sx={{ fontWeight: 700, color: "text.primary", bgcolor: "action.selected", borderRadius: 0.5 }}
          >
            {part.text}
          </Box>
        ) : (
          <span key={index}>{part.text}</span>
        ),
      )}
    </span>
  );
}
