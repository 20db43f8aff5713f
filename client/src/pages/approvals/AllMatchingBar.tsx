import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { type Ref, useImperativeHandle, useState } from "react";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { KeyCaps } from "../../keys/KeyCaps.tsx";
import { type BoundedFilter, type DecisionVerb, type MatchingTags, mostOf } from "./decisions.ts";
import { filterLabel } from "./view.ts";

/** Actions of the bar for keys. */
export interface AllMatchingActions {
  decide(verb: DecisionVerb): void;
}

interface AllMatchingBarProps {
  tags: MatchingTags;
  /** Ids to leave out, and how many of them are known to match. */
  exceptIds?: readonly string[];
  excepted?: number;
  busy: boolean;
  onDecide: (verb: DecisionVerb, label: string, count: number, selection: BoundedFilter) => unknown;
  onClear: () => void;
  ref?: Ref<AllMatchingActions>;
}

/** Number of tags from which a decision asks for the number to be typed. */
export const CONFIRM_FROM = 10_000;
/** Number of tags up to which the service decides within the request. */
const RUN_FROM = 1_000;

/** Decision on all tags that match the filters, but for those that were taken out, after a question with their number. */
export function AllMatchingBar(props: AllMatchingBarProps) {
  const { tags, exceptIds = [], excepted = 0, busy, onDecide, onClear, ref } = props;
  const [asked, setAsked] = useState<DecisionVerb | null>(null);
  const count = Math.max(0, tags.count - excepted);
  const expectAtMost = mostOf(count, tags.isEstimate);
  const label = filterLabel(tags.filter);
  const decide = (verb: DecisionVerb) => {
    if (count > 0 && !busy) setAsked(verb);
  };
  useImperativeHandle(ref, () => ({ decide }));
  const wording = (verb: DecisionVerb) =>
    t(verb === "DENY" ? "approvals.deny.tags" : "approvals.approve.tags", { count });
  return (
    <Box sx={{ mb: 1 }}>
      <Box
        role="toolbar"
        aria-label={t("approvals.all.toolbar")}
        sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}
      >
        <Button
          variant="contained"
          size="small"
          disabled={count === 0 || busy}
          onClick={() => decide("APPROVE")}
          endIcon={<KeyCaps keys="a" />}
        >
          {wording("APPROVE")}
        </Button>
        <Button
          color="error"
          size="small"
          disabled={count === 0 || busy}
          onClick={() => decide("DENY")}
          endIcon={<KeyCaps keys="d" />}
        >
          {wording("DENY")}
        </Button>
        <Typography variant="body2" role="status">
          {t(tags.isEstimate ? "approvals.all.about" : "approvals.all.selected", { count: tags.count })}
          {excepted > 0 && ` ${t("approvals.all.excepted", { count: excepted })}`}
        </Typography>
        <Button size="small" onClick={onClear}>
          {t("approvals.single.clear")}
        </Button>
      </Box>
      <ConfirmDialog
        open={asked !== null}
        title={t("approvals.all.title", { label })}
        verb={wording(asked ?? "APPROVE")}
        danger={asked === "DENY"}
        busy={busy}
        typeToConfirm={count >= CONFIRM_FROM ? formatNumber(count) : undefined}
        onConfirm={() => {
          setAsked(null);
          if (asked) onDecide(asked, label, count, { filter: tags.filter, exceptIds: [...exceptIds], expectAtMost });
        }}
        onClose={() => setAsked(null)}
      >
        {t(tags.isEstimate ? "approvals.all.askAbout" : "approvals.all.ask", { count, most: expectAtMost })}{" "}
        {excepted > 0 && `${t("approvals.all.askExcepted", { count: excepted })} `}
        {t(count > RUN_FROM ? "approvals.all.run" : "approvals.all.undo")}
      </ConfirmDialog>
    </Box>
  );
}
