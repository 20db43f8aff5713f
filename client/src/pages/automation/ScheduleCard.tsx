import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Link from "@mui/material/Link";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { Suspense, useState } from "react";
import { Link as RouterLink } from "react-router";
import { formatMoment } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { useViewer } from "../../app/viewer.tsx";
import { Loading } from "../../components/Loading.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useAction } from "../../components/useAction.ts";
import {
  PauseScheduleDocument,
  ResumeScheduleDocument,
  type SchedulePartsFragment,
  TriggerScheduleDocument,
} from "../../gql/graphql.ts";

const EditScheduleDialog = later(() => import("./EditScheduleDialog.tsx"));

/** Schedule of a job: when it runs, and the ways to stop, start and change it. */
export function ScheduleCard({ schedule, onTriggered }: { schedule: SchedulePartsFragment; onTriggered: () => void }) {
  const { canAdminister } = useViewer();
  const { act, busy } = useAction();
  const [editing, setEditing] = useState(false);
  const { jobName, pausedAt, nextRunAt, lastRun } = schedule;
  const job = t(`automation.job.${jobName}`);
  const input = { jobName };
  const named = (verb: string) => t("automation.schedule.named", { verb, job });
  const pause = () =>
    act(PauseScheduleDocument, { input }, (data) => data.pauseSchedule, { done: t("automation.done.paused", { job }) });
  const resume = () =>
    act(ResumeScheduleDocument, { input }, (data) => data.resumeSchedule, {
      done: t("automation.done.resumed", { job }),
    });
  const trigger = async () => {
    await act(TriggerScheduleDocument, { input }, (data) => data.triggerSchedule, {
      done: t("automation.done.triggered", { job }),
    });
    onTriggered();
  };
  const verbs: [string, () => unknown][] = [
    [t("automation.schedule.run"), trigger],
    pausedAt ? [t("automation.schedule.resume"), resume] : [t("automation.schedule.pause"), pause],
    [t("automation.schedule.edit"), () => setEditing(true)],
  ];
  return (
    <Paper component="li" sx={{ p: 1.5, display: "grid", gap: 0.5, alignContent: "start" }}>
      <Typography variant="h3">{job}</Typography>
      <Typography variant="body2">
        <code>{schedule.cron}</code> {schedule.timeZone}
      </Typography>
      <Typography variant="body2" color={pausedAt ? "warning.main" : "text.secondary"}>
        {pausedAt ? (
          <>
            {t("automation.schedule.paused", { who: schedule.pausedBy ?? "" })} <RelativeTime value={pausedAt} />
          </>
        ) : (
          <>
            {t("automation.schedule.next")} <RelativeTime value={nextRunAt} />
            {nextRunAt && `, ${formatMoment(nextRunAt)}`}
          </>
        )}
      </Typography>
      <Typography variant="body2" color="textSecondary">
        {t("automation.schedule.last")}
        {": "}
        {lastRun ? (
          <Link component={RouterLink} to={`/automation/runs/${lastRun.id}`}>
            {t(`automation.status.${lastRun.status}`)} <RelativeTime value={lastRun.finishedAt ?? lastRun.createdAt} />
          </Link>
        ) : (
          "–"
        )}
      </Typography>
      {schedule.editedBy && (
        <Typography variant="body2" color="textSecondary">
          {t("automation.schedule.edited", { who: schedule.editedBy })} <RelativeTime value={schedule.editedAt} />
        </Typography>
      )}
      {canAdminister && (
        <Box sx={{ display: "flex", flexWrap: "wrap", ml: -1 }}>
          {verbs.map(([verb, run]) => (
            <Button key={verb} size="small" disabled={busy} aria-label={named(verb)} onClick={() => void run()}>
              {verb}
            </Button>
          ))}
        </Box>
      )}
      {editing && (
        <Suspense fallback={<Loading overlay />}>
          <EditScheduleDialog schedule={schedule} onClose={() => setEditing(false)} />
        </Suspense>
      )}
    </Paper>
  );
}
