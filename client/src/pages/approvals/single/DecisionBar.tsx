import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { KeyCaps } from "../../../keys/KeyCaps.tsx";
import type { ApprovalRowFragment } from "../../../gql/graphql.ts";
import { targets, type Triage, type TriageAction, type Verb } from "../../../queue/triage.ts";
import { REASONS } from "./queueBindings.ts";

interface DecisionBarProps {
  state: Triage<ApprovalRowFragment>;
  dispatch: (action: TriageAction<ApprovalRowFragment>) => void;
  decide: (verb: Verb) => void;
  /** Gives the last denial a reason; undefined if another decision was the last one. */
  giveReason: ((reason: string) => void) | undefined;
  onCorrect: () => void;
  /** Selects all that match; undefined without a filter. */
  onSelectMatching: (() => void) | undefined;
}

/** Decisions on the selection, or on the row at the cursor; after a denial, its reasons. */
export function DecisionBar({ state, dispatch, decide, giveReason, onCorrect, onSelectMatching }: DecisionBarProps) {
  const { canDecide } = useViewer();
  if (!canDecide) return null;
  const count = targets(state).length;
  const selected = state.selection.size;
  if (count === 0 && state.history.length === 0) return <Box sx={{ minHeight: 40 }} />;
  return (
    <Box sx={{ mb: 1 }}>
      <Box
        role="toolbar"
        aria-label={t("approvals.single")}
        sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}
      >
        <Button
          variant="contained"
          size="small"
          disabled={count === 0}
          onClick={() => decide("APPROVE")}
          endIcon={<KeyCaps keys="a" />}
        >
          {t("approvals.approve.tags", { count })}
        </Button>
        <Button
          color="error"
          size="small"
          disabled={count === 0}
          onClick={() => decide("DENY")}
          endIcon={<KeyCaps keys="d" />}
        >
          {t("approvals.deny.tags", { count })}
        </Button>
        <Button size="small" disabled={count === 0} onClick={() => decide("SKIP")} endIcon={<KeyCaps keys="s" />}>
          {t("approvals.skip")}
        </Button>
        <Button size="small" disabled={count !== 1} onClick={onCorrect} endIcon={<KeyCaps keys="c" />}>
          {t("approvals.correct")}
        </Button>
        {onSelectMatching && (
          <Button size="small" onClick={onSelectMatching} endIcon={<KeyCaps keys="*" />}>
            {t("approvals.all.select")}
          </Button>
        )}
        {selected > 0 && (
          <>
            <Typography variant="body2" role="status">
              {t("approvals.single.selected", { count: selected })}
            </Typography>
            <Button size="small" onClick={() => dispatch({ type: "clearSelection" })}>
              {t("approvals.single.clear")}
            </Button>
          </>
        )}
      </Box>
      {giveReason && (
        <Box
          role="group"
          aria-label={t("approvals.single.reason")}
          sx={{ display: "flex", flexWrap: "wrap", gap: 0.5, alignItems: "center", mt: 0.5 }}
        >
          <Typography variant="body2" color="textSecondary">
            {t("approvals.single.reason")}
          </Typography>
          {REASONS.map((reason) => (
            <Button
              key={reason}
              size="small"
              startIcon={<KeyCaps keys={String(reason)} />}
              onClick={() => giveReason(t(`approvals.single.reason.${reason}`))}
            >
              {t(`approvals.single.reason.${reason}`)}
            </Button>
          ))}
        </Box>
      )}
    </Box>
  );
}
