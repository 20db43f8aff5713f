import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { FilterBar, type FilterField } from "../../components/FilterBar.tsx";
import { Page } from "../../components/Page.tsx";
import { RunBar, useRun } from "../../components/RunProgress.tsx";
import { useAction } from "../../components/useAction.ts";
import { useConnection } from "../../components/useConnection.ts";
import {
  AutomationDocument,
  AutoTagDocument,
  DiscoverDocument,
  RunsDocument,
  type RunPartsFragment,
} from "../../gql/graphql.ts";
import { choice, text, urlCodec } from "../../url/codec.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { RunsTable } from "./RunsTable.tsx";
import { ScheduleCard } from "./ScheduleCard.tsx";

const jobs = [
  "DISCOVER",
  "AUTO_TAG",
  "DECIDE",
  "IMPORT",
  "TRAIN_MODEL",
  "MINE_SUGGESTIONS",
  "SNAPSHOT_COVERAGE",
  "SEAL",
  "MAINTAIN",
] as const;
const statuses = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"] as const;
const codec = urlCodec({ jobName: choice(jobs), status: choice(statuses), requestedBy: text });

const fields: FilterField[] = [
  {
    name: "jobName",
    label: t("automation.filter.job"),
    options: jobs.map((value) => ({ value, label: t(`automation.job.${value}`) })),
  },
  {
    name: "status",
    label: t("automation.filter.status"),
    options: statuses.map((value) => ({ value, label: t(`automation.status.${value}`) })),
  },
  { name: "requestedBy", label: t("automation.filter.requestedBy") },
];

/** Milliseconds between looks for new runs; a run that is shown is followed live. */
const look = 5_000;

function OpenRun({ run: start, onEnd }: { run: RunPartsFragment; onEnd: () => void }) {
  const run = useRun(start, onEnd);
  return (
    <Paper component="li" sx={{ p: 1.5 }}>
      <RunBar run={run} label={t(`automation.job.${run.jobName}`)} />
    </Paper>
  );
}

/** Schedules, runs that are under way, and all runs. */
export function Overview() {
  const { canDecide } = useViewer();
  const { act, busy } = useAction();
  const { view, dropped, setView } = useUrlView(codec);
  const { data, error, refetch } = useQuery(AutomationDocument, { pollInterval: look });
  const list = useConnection(RunsDocument, { first: 100, filter: view }, ({ jobRuns }) => ({
    rows: jobRuns.nodes,
    ...jobRuns.pageInfo,
    totalCount: jobRuns.totalCount,
    totalCountIsEstimate: jobRuns.totalCountIsEstimate,
  }));
  const reload = () => {
    void refetch();
    list.reload();
  };
  const discover = () =>
    act(DiscoverDocument, { input: null }, (d) => d.runDiscovery, { done: t("automation.done.discover") }).then(reload);
  const evaluate = () =>
    act(AutoTagDocument, {}, (d) => d.runAutoTagging, { done: t("automation.done.evaluate") }).then(reload);
  const open = data ? [...data.running.nodes, ...data.queued.nodes] : [];
  const cards = { listStyle: "none", m: 0, p: 0, display: "grid", gap: 1 } as const;
  return (
    <Page
      title={t("automation.title")}
      actions={
        canDecide && (
          <>
            <Button disabled={busy} onClick={() => void discover()}>
              {t("automation.discover")}
            </Button>
            <Button disabled={busy} onClick={() => void evaluate()}>
              {t("automation.evaluate")}
            </Button>
          </>
        )
      }
    >
      <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: "minmax(0, 1fr)" }}>
        {!data && !error && <LinearProgress aria-label={t("common.loading")} />}
        {error && !data && <ErrorPanel error={error} onRetry={reload} />}
        <section aria-labelledby="open-runs">
          <Typography variant="h2" id="open-runs" gutterBottom>
            {t("automation.openRuns")}
          </Typography>
          {data && open.length === 0 && <Typography color="textSecondary">{t("automation.noOpenRuns")}</Typography>}
          <Box component="ul" sx={cards}>
            {open.map((run) => (
              <OpenRun key={run.id} run={run} onEnd={reload} />
            ))}
          </Box>
        </section>
        <section aria-labelledby="schedules">
          <Typography variant="h2" id="schedules" gutterBottom>
            {t("automation.schedules")}
          </Typography>
          <Box
            component="ul"
            sx={{ ...cards, gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 260px), 1fr))" }}
          >
            {data?.schedules.map((schedule) => (
              <ScheduleCard key={schedule.id} schedule={schedule} onTriggered={reload} />
            ))}
          </Box>
        </section>
        <section aria-labelledby="runs">
          <Typography variant="h2" id="runs" gutterBottom>
            {t("automation.runs")}
          </Typography>
          <FilterBar fields={fields} view={view} dropped={dropped} onChange={setView} />
          <RunsTable label={t("automation.runs")} list={list} empty={t("automation.empty")} />
        </section>
      </Box>
    </Page>
  );
}
