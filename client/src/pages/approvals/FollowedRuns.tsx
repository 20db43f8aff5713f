import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MuiLink from "@mui/material/Link";
import LinearProgress from "@mui/material/LinearProgress";
import { useMutation } from "@apollo/client/react";
import { useEffect, useEffectEvent, useState } from "react";
import { Link } from "react-router";
import { formatEnum, formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useLive } from "../../app/live.ts";
import { CancelRunDocument, RunProgressDocument } from "../../gql/graphql.ts";
import type { FollowedRun } from "./useBulkDecisions.ts";

interface FollowedRunsProps {
  runs: readonly FollowedRun[];
  onForget: (id: string) => void;
  onEnd?: () => void;
}

/** Runs of decisions with their progress, until they are closed. */
export function FollowedRuns({ runs, onForget, onEnd }: FollowedRunsProps) {
  return (
    <Box component="section" aria-label={t("approvals.run.label")} hidden={runs.length === 0}>
      {runs.map((followed) => (
        <OneRun key={followed.run.id} followed={followed} onForget={() => onForget(followed.run.id)} onEnd={onEnd} />
      ))}
    </Box>
  );
}

function OneRun({
  followed,
  onForget,
  onEnd,
}: {
  followed: FollowedRun;
  onForget: () => void;
  onEnd: (() => void) | undefined;
}) {
  const [run, setRun] = useState(followed.run);
  const [cancel] = useMutation(CancelRunDocument);
  const ended = run.finishedAt !== null && run.finishedAt !== undefined;
  useLive(RunProgressDocument, { id: run.id }, { next: (data) => setRun(data.jobProgress), skip: ended });
  const end = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (ended) end();
  }, [ended]);
  const verb = t(`approvals.run.${followed.verb}`);
  const total = run.progressTotal ?? 0;
  return (
    <Alert
      severity={ended ? (run.status === "SUCCEEDED" ? "success" : "warning") : "info"}
      sx={{ mb: 1, "& .MuiAlert-message": { flex: 1 } }}
      onClose={ended ? onForget : undefined}
      closeText={t("common.close")}
      action={
        ended ? undefined : (
          <Button color="inherit" size="small" onClick={() => void cancel({ variables: { input: { id: run.id } } })}>
            {t("approvals.run.cancel")}
          </Button>
        )
      }
    >
      <MuiLink component={Link} to={`/automation/runs/${run.id}`} color="inherit">
        {ended
          ? t("approvals.run.ended", { verb, label: followed.label, status: formatEnum(run.status) })
          : `${verb} ${followed.label}`}
      </MuiLink>
      {` · ${t("approvals.run.progress", { done: formatNumber(run.progressDone), total: formatNumber(total) })}`}
      {!ended && (
        <LinearProgress
          aria-label={`${verb} ${followed.label}`}
          variant={total > 0 ? "determinate" : "indeterminate"}
          value={total > 0 ? Math.min(100, (100 * run.progressDone) / total) : 0}
          sx={{ mt: 0.5 }}
        />
      )}
    </Alert>
  );
}
