import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import { memo, type MouseEvent } from "react";
import { formatEnum } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { Confidence } from "../../../components/Confidence.tsx";
import { TagChip } from "../../../components/TagChip.tsx";
import type { ApprovalRowFragment } from "../../../gql/graphql.ts";
import type { Departure, TriageAction, Verb } from "../../../queue/triage.ts";
import { HighlightedName } from "../HighlightedName.tsx";

interface QueueRowProps {
  id: string;
  row: ApprovalRowFragment;
  rowIndex: number;
  top: number;
  height: number;
  isCard: boolean;
  isCurrent: boolean;
  isSelected: boolean;
  departure: Departure | undefined;
  canDecide: boolean;
  dispatch: (action: TriageAction<ApprovalRowFragment>) => void;
  decide: (verb: Verb, ids?: readonly string[]) => void;
  onDetail: () => void;
}

const clipped = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", minWidth: 0 } as const;

/** Row of the queue; a card with buttons where the page is narrow. */
export const QueueRow = memo(function QueueRow(props: QueueRowProps) {
  const { id, row, rowIndex, top, height, isCard, isCurrent, isSelected, departure, dispatch } = props;
  const point = (event: MouseEvent) => {
    dispatch({ type: "point", id: row.id, extend: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  };
  return (
    <Box
      id={id}
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-current={isCurrent || undefined}
      onClick={point}
      sx={{
        position: "absolute",
        insetInline: 0,
        top,
        height,
        px: 1,
        display: "grid",
        alignItems: "center",
        columnGap: 1,
        gridTemplateColumns: isCard ? "minmax(0, 1fr)" : "32px minmax(0, 5fr) 96px minmax(0, 5fr) minmax(0, 3fr)",
        borderBottom: 1,
        borderColor: "divider",
        boxShadow: isCurrent ? "inset 3px 0 0 var(--mui-palette-primary-main)" : undefined,
        bgcolor: isCurrent ? "action.selected" : isSelected ? "action.hover" : undefined,
        cursor: "default",
        userSelect: "none",
        ...(departure && { fontStyle: "italic", "&, & *": { color: "text.secondary" } }),
      }}
    >
      {isCard ? <CardCells {...props} /> : <RowCells {...props} />}
    </Box>
  );
});

function RowCells({ row, isSelected, departure, dispatch }: QueueRowProps) {
  return (
    <>
      <Box role="gridcell">
        <Checkbox
          size="small"
          tabIndex={-1}
          checked={isSelected}
          onClick={(event) => {
            event.stopPropagation();
            dispatch({ type: "point", id: row.id, extend: event.shiftKey, toggle: !event.shiftKey });
          }}
          sx={{ p: 0.5 }}
          slotProps={{ input: { "aria-label": t("approvals.single.select"), readOnly: true } }}
        />
      </Box>
      <Box role="gridcell" sx={clipped}>
        <TagChip tagKey={row.tagKey} tagValue={row.tagValue} variant="pending" />
      </Box>
      <Box role="gridcell">
        <Confidence value={row.confidence} compact />
      </Box>
      <Box role="gridcell" sx={clipped}>
        <HighlightedName row={row} />
      </Box>
      <Box role="gridcell" sx={{ ...clipped, color: "text.secondary" }}>
        {departure ? departed(departure) : row.resource?.resourceType}
      </Box>
    </>
  );
}

function CardCells({ row, departure, canDecide, decide, dispatch, onDetail }: QueueRowProps) {
  const act = (verb: Verb) => (event: MouseEvent) => {
    event.stopPropagation();
    decide(verb, [row.id]);
  };
  return (
    <Box role="gridcell" sx={{ minWidth: 0 }}>
      <Box sx={{ display: "flex", gap: 1, alignItems: "center" }}>
        <Box sx={{ ...clipped, flex: 1 }}>
          <TagChip tagKey={row.tagKey} tagValue={row.tagValue} variant="pending" />
        </Box>
        <Confidence value={row.confidence} compact />
      </Box>
      <Box sx={{ ...clipped, my: 0.5 }}>
        <HighlightedName row={row} />
        <Box component="span" sx={{ color: "text.secondary" }}>{` · ${row.resource?.resourceType ?? ""}`}</Box>
      </Box>
      {departure ? (
        departed(departure)
      ) : (
        <Box sx={{ display: "flex", gap: 1 }}>
          {canDecide && (
            <>
              <Button size="small" variant="outlined" onClick={act("APPROVE")}>
                {t("approvals.approve")}
              </Button>
              <Button size="small" color="error" onClick={act("DENY")}>
                {t("approvals.deny")}
              </Button>
            </>
          )}
          <Button
            size="small"
            onClick={() => {
              dispatch({ type: "point", id: row.id });
              onDetail();
            }}
          >
            {t("approvals.single.detail")}
          </Button>
        </Box>
      )}
    </Box>
  );
}

const departed = ({ status, actor }: Departure) =>
  t("approvals.single.departed", { status: formatEnum(status), actor });
