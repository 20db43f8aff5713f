import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MuiLink from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { Link } from "react-router";
import { formatEnum } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { AccountName } from "../../../components/AccountName.tsx";
import { Confidence } from "../../../components/Confidence.tsx";
import { RelativeTime } from "../../../components/RelativeTime.tsx";
import type { ApprovalRowFragment } from "../../../gql/graphql.ts";
import { HighlightedName } from "../HighlightedName.tsx";

const item = {
  display: "flex",
  gap: 1,
  justifyContent: "space-between",
  py: 0.75,
  borderBottom: 1,
  borderColor: "divider",
  "& > :last-child": { flexShrink: 0 },
};

/** Evidence of a tag: what speaks for the value, and what lost against it. */
export function RowDetail({ row, onSamePattern }: { row: ApprovalRowFragment; onSamePattern: () => void }) {
  const { evidence, resource } = row;
  return (
    <Box sx={{ overflowWrap: "anywhere" }}>
      <Typography variant="h2">
        {row.tagKey} = {row.tagValue}
      </Typography>
      <Typography sx={{ mt: 0.5 }}>
        <HighlightedName row={row} />
      </Typography>
      {resource && (
        <Typography variant="body2" color="textSecondary">
          {resource.resourceType} · <AccountName cloud={resource.cloud} accountId={resource.accountId} />
          {resource.region && ` · ${resource.region}`} · <RelativeTime value={row.createdAt} />
        </Typography>
      )}
      <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, my: 1, alignItems: "center" }}>
        <Confidence value={row.confidence} />
        <Button size="small" onClick={onSamePattern}>
          {t("approvals.single.same")}
        </Button>
        {resource && (
          <MuiLink component={Link} to={`/resources/${resource.id}`}>
            {t("approvals.single.resource")}
          </MuiLink>
        )}
      </Box>
      {evidence.contradicts && (
        <Typography variant="body2" color="warning">
          {t("approvals.single.contradicts", {
            key: evidence.contradicts.rawKey,
            value: evidence.contradicts.rawValue,
          })}
        </Typography>
      )}
      <Typography variant="h3" sx={{ mt: 1 }}>
        {t("approvals.single.detail")}
      </Typography>
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
        {evidence.signals.map((signal, index) => (
          <Box component="li" key={index} sx={item}>
            <span>
              {signal.reason}
              <Box component="span" sx={{ color: "text.secondary" }}>{` · ${formatEnum(signal.source)}`}</Box>
            </span>
            <Confidence value={signal.confidence} compact />
          </Box>
        ))}
      </Box>
      {evidence.alternatives.length > 0 && (
        <>
          <Typography variant="h3" sx={{ mt: 1.5 }}>
            {t("approvals.single.lost")}
          </Typography>
          <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
            {evidence.alternatives.map((alternative, index) => (
              <Box component="li" key={index} sx={item}>
                <span>
                  <b>{alternative.value}</b> · {alternative.reason}
                  <Box sx={{ color: "text.secondary", fontSize: 12.5 }}>{alternative.lostBecause}</Box>
                </span>
                <Confidence value={alternative.confidence} compact />
              </Box>
            ))}
          </Box>
        </>
      )}
    </Box>
  );
}
