import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useNavigate } from "react-router";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { isOpenRun } from "../../components/RunProgress.tsx";
import { useAction } from "../../components/useAction.ts";
import { CancelRunDocument, RetryRunDocument, type RunPartsFragment, UndoRunDocument } from "../../gql/graphql.ts";

/** Ways to end a run, to go on with it, or to take it back. */
export function RunActions({ run, onChange }: { run: RunPartsFragment; onChange: () => void }) {
  const { canDecide } = useViewer();
  const { act, busy } = useAction();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  if (!canDecide) return null;
  const input = { id: run.id };
  const cancel = () =>
    act(CancelRunDocument, { input }, (data) => data.cancelRun, { done: t("automation.done.cancelled") }).then(
      onChange,
    );
  const retry = () =>
    act(RetryRunDocument, { input }, (data) => data.retryRun, { done: t("automation.done.retried") }).then(onChange);
  const undo = async () => {
    const payload = await act(UndoRunDocument, { input: { run: run.id } }, (data) => data.undoDecisions, {
      done: t("automation.done.undone"),
    });
    setAsking(false);
    if (payload?.run) await navigate(`/automation/runs/${payload.run.id}`);
  };
  const canUndo = run.jobName === "DECIDE" && run.decision !== "UNDO" && !isOpenRun(run);
  return (
    <>
      {isOpenRun(run) && !run.cancelRequestedAt && (
        <Button color="error" disabled={busy} onClick={() => void cancel()}>
          {t("automation.run.cancel")}
        </Button>
      )}
      {(run.status === "FAILED" || run.status === "CANCELLED") && (
        <Button disabled={busy} onClick={() => void retry()}>
          {t("automation.run.retry")}
        </Button>
      )}
      {canUndo && (
        <Button disabled={busy} onClick={() => setAsking(true)}>
          {t("automation.run.undo")}
        </Button>
      )}
      <ConfirmDialog
        open={asking}
        title={t("automation.run.undoTitle")}
        verb={t("automation.run.undoVerb")}
        busy={busy}
        onConfirm={() => void undo()}
        onClose={() => setAsking(false)}
      >
        <Typography>{t("automation.run.undoText")}</Typography>
      </ConfirmDialog>
    </>
  );
}
