import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import { Link as RouterLink } from "react-router";
import { formatEnum, formatNumber } from "../app/format.ts";
import { t } from "../app/i18n.ts";
import { useLive } from "../app/live.ts";
import { RunProgressDocument, type RunPartsFragment } from "../gql/graphql.ts";
import { RelativeTime } from "./RelativeTime.tsx";

const open: readonly RunPartsFragment["status"][] = ["QUEUED", "RUNNING"];

export const isOpenRun = ({ status }: Pick<RunPartsFragment, "status">): boolean => open.includes(status);

/** Run as it is now: followed until it has ended. `onEnd` is called once, also if it has ended before. */
export function useRun(start: RunPartsFragment, onEnd?: (run: RunPartsFragment) => void): RunPartsFragment {
  const [run, setRun] = useState(start);
  if (run.id !== start.id) setRun(start);
  const ended = !isOpenRun(run);
  useLive(RunProgressDocument, { id: start.id }, { next: ({ jobProgress }) => setRun(jobProgress), skip: ended });
  const end = useEffectEvent(() => onEnd?.(run));
  useEffect(() => {
    if (ended) end();
  }, [ended, run.id]);
  return run;
}

/** Counts of a run in words: "12 inserted, 3 updated". */
export const countsOf = ({ counts }: Pick<RunPartsFragment, "counts">): string =>
  counts.map(({ name, count }) => `${formatNumber(count)} ${formatEnum(name)}`).join(", ");

/** Bar of a run with what is done, its rate and its estimated end. */
export function RunBar({ run, label }: { run: RunPartsFragment; label?: ReactNode }) {
  const { progressDone: done, progressTotal: total } = run;
  const share = total != null && total > 0 ? Math.min(100, (done / total) * 100) : undefined;
  const name = typeof label === "string" ? label : formatEnum(run.jobName);
  return (
    <Box sx={{ display: "grid", gap: 0.5 }}>
      <Box sx={{ display: "flex", flexWrap: "wrap", columnGap: 1.5, alignItems: "baseline" }}>
        <Link component={RouterLink} to={`/automation/runs/${run.id}`} sx={{ fontWeight: 650 }}>
          {label ?? formatEnum(run.jobName)}
        </Link>
        <Typography variant="body2" component="span">
          {formatEnum(run.status)}
          {run.cancelRequestedAt && isOpenRun(run) && `, ${t("automation.cancelling")}`}
        </Typography>
        <Typography variant="body2" component="span" color="textSecondary">
          {total == null
            ? formatNumber(done)
            : t("automation.progress", { done: formatNumber(done), total: formatNumber(total) })}
          {run.rate != null && isOpenRun(run) && `, ${t("automation.rate", { rate: formatNumber(run.rate) })}`}
        </Typography>
        {run.estimatedEndAt && isOpenRun(run) && (
          <Typography variant="body2" component="span" color="textSecondary">
            {t("automation.ends")} <RelativeTime value={run.estimatedEndAt} />
          </Typography>
        )}
      </Box>
      {isOpenRun(run) && (
        <LinearProgress
          aria-label={name}
          variant={share === undefined ? "indeterminate" : "determinate"}
          value={share}
        />
      )}
    </Box>
  );
}

interface RunProgressProps {
  run: RunPartsFragment;
  label: string;
  onEnd?: (run: RunPartsFragment) => void;
}

/** Run that a person has just caused, followed to its end. */
export function RunProgress({ run: start, label, onEnd }: RunProgressProps) {
  const run = useRun(start, onEnd);
  const severity = run.status === "FAILED" ? "error" : run.status === "SUCCEEDED" ? "success" : "info";
  return (
    <Alert severity={severity} role="status" sx={{ "& .MuiAlert-message": { flex: 1, minWidth: 0 } }}>
      <RunBar run={run} label={label} />
      {!isOpenRun(run) && run.counts.length > 0 && <Box>{countsOf(run)}</Box>}
      {run.status === "FAILED" && run.error && <Box sx={{ overflowWrap: "anywhere" }}>{run.error}</Box>}
    </Alert>
  );
}
