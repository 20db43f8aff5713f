import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { formatMoment } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import type { RunPartsFragment } from "../../gql/graphql.ts";

/** Moments of a run, in order. */
function momentsOf(run: RunPartsFragment): { label: string; at: string }[] {
  const moments: [string, string | null | undefined][] = [
    [t("automation.run.scheduled"), run.scheduledFor],
    [t("automation.run.requested", { who: run.requestedBy }), run.createdAt],
    [t("automation.run.due"), run.runAt === run.createdAt ? null : run.runAt],
    [t("automation.run.started"), run.startedAt],
    [t("automation.run.cancelRequested", { who: run.cancelRequestedBy ?? "" }), run.cancelRequestedAt],
    [t("automation.run.heartbeat", { worker: run.worker ?? "" }), run.finishedAt ? null : run.heartbeatAt],
    [t("automation.run.finished"), run.finishedAt],
  ];
  return moments
    .flatMap(([label, at]) => (at ? [{ label, at }] : []))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Events of a run, with their times. */
export function Timeline({ run }: { run: RunPartsFragment }) {
  return (
    <Paper component="section" aria-labelledby="timeline" sx={{ p: 2 }}>
      <Typography variant="h2" id="timeline" gutterBottom>
        {t("automation.run.timeline")}
      </Typography>
      <Box component="ol" sx={{ m: 0, pl: 2.5 }}>
        {momentsOf(run).map(({ label, at }) => (
          <li key={label}>
            {label}
            {": "}
            {formatMoment(at)} (<RelativeTime value={at} />)
          </li>
        ))}
      </Box>
      {run.maxAttempts > 1 && run.attempt > 1 && (
        <Typography variant="body2">
          {t("automation.run.attempt", { attempt: run.attempt, max: run.maxAttempts })}
        </Typography>
      )}
    </Paper>
  );
}
