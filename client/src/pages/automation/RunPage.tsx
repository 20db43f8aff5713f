import Alert from "@mui/material/Alert";
import AlertTitle from "@mui/material/AlertTitle";
import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Link from "@mui/material/Link";
import { useQuery } from "@apollo/client/react";
import { Link as RouterLink, useParams } from "react-router";
import { t } from "../../app/i18n.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Page } from "../../components/Page.tsx";
import { countsOf, RunBar, useRun } from "../../components/RunProgress.tsx";
import { RunDetailDocument, type RunDetailQuery } from "../../gql/graphql.ts";
import { FileSummary } from "../imports/FileSummary.tsx";
import { PlanView } from "../imports/PlanView.tsx";
import { Decisions } from "./Decisions.tsx";
import { Rejections } from "./Rejections.tsx";
import { RunActions } from "./RunActions.tsx";
import { Timeline } from "./Timeline.tsx";

type Run = NonNullable<RunDetailQuery["jobRun"]>;

function RunView({ stored, onChange }: { stored: Run; onChange: () => void }) {
  const run = useRun(stored, stored.finishedAt ? undefined : onChange);
  const job = t(`automation.job.${run.jobName}`);
  const rejected = run.counts.some(({ name, count }) => name === "rejected" && count > 0);
  return (
    <Page
      title={t("automation.run.title", { job, status: t(`automation.status.${run.status}`) })}
      figures={countsOf(run)}
      actions={<RunActions run={run} onChange={onChange} />}
    >
      <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: "minmax(0, 1fr)" }}>
        <RunBar run={run} label={job} />
        {run.error && (
          <Alert severity={run.status === "FAILED" ? "error" : "warning"} sx={{ overflowWrap: "anywhere" }}>
            <AlertTitle>{t("automation.run.error")}</AlertTitle>
            {run.error}
          </Alert>
        )}
        {run.helps && (
          <Link component={RouterLink} to={`/automation/runs/${run.helps}`}>
            {t("automation.run.helps")}
          </Link>
        )}
        <Timeline run={run} />
        {stored.importSummary && !stored.importPlan && <FileSummary summary={stored.importSummary} />}
        {stored.importPlan && <PlanView plan={stored.importPlan} />}
        {run.jobName === "DECIDE" && <Decisions runId={run.id} serial={run.status} />}
        {rejected && <Rejections key={run.status} runId={run.id} />}
      </Box>
    </Page>
  );
}

/** Run with its progress, its timeline, and what it did. */
export default function RunPage() {
  const { id = "" } = useParams();
  const { data, error, loading, refetch } = useQuery(RunDetailDocument, {
    variables: { id },
    fetchPolicy: "network-only",
  });
  const run = data?.jobRun;
  if (run) {
    return (
      <RunView key={`${run.id}${run.finishedAt ?? ""}${run.status}`} stored={run} onChange={() => void refetch()} />
    );
  }
  return (
    <Page title={t("automation.title")}>
      {loading && <LinearProgress aria-label={t("common.loading")} />}
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {data && <EmptyState title={t("automation.run.missing")} description={t("automation.run.missingHelp")} />}
    </Page>
  );
}
