import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import LinearProgress from "@mui/material/LinearProgress";
import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import { Link as RouterLink } from "react-router";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { type DashboardFiguresQuery, RecentChangesDocument, type RunStatus } from "../../gql/graphql.ts";

const colours: Record<RunStatus, "error" | "success" | "info" | "default"> = {
  FAILED: "error",
  SUCCEEDED: "success",
  RUNNING: "info",
  QUEUED: "default",
  CANCELLED: "default",
};

function Rows({ children, none }: { children: ReactNode[]; none: string }) {
  if (children.length === 0) return <Typography color="textSecondary">{none}</Typography>;
  return (
    <Box component="ul" sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1 }}>
      {children}
    </Box>
  );
}

const row = { display: "flex", flexWrap: "wrap", gap: 1, alignItems: "baseline", minWidth: 0 } as const;

/** Last runs, the failed ones first. */
export function LastRuns({ runs }: { runs: DashboardFiguresQuery["dashboard"]["lastRuns"] }) {
  const sorted = [...runs].sort((a, b) => Number(b.status === "FAILED") - Number(a.status === "FAILED"));
  return (
    <Panel title={t("dashboard.runs.title")}>
      <Rows none={t("dashboard.runs.none")}>
        {sorted.map((run) => (
          <Box component="li" key={run.id} sx={row}>
            <Chip size="small" variant="outlined" color={colours[run.status]} label={formatEnum(run.status)} />
            <Link component={RouterLink} to={`/automation/runs/${run.id}`}>
              {formatEnum(run.jobName)}
            </Link>
            <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: "anywhere" }}>
              <RelativeTime value={run.finishedAt ?? run.createdAt} />{" "}
              {t("dashboard.runs.by", { actor: run.requestedBy })}
              {run.error && ` · ${run.error}`}
            </Typography>
          </Box>
        ))}
      </Rows>
    </Panel>
  );
}

/** Newest rows of the audit trail. */
export function RecentChanges() {
  const { data, error, refetch } = useQuery(RecentChangesDocument, { fetchPolicy: "no-cache" });
  return (
    <Panel title={t("dashboard.changes.title")}>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {data && (
        <Rows none={t("dashboard.changes.none")}>
          {data.tagAudit.nodes.map((change) => (
            <Box component="li" key={change.id} sx={row}>
              <Typography variant="body2" sx={{ overflowWrap: "anywhere" }}>
                <b>{formatEnum(change.action)}</b> {change.tagKey}={change.newValue ?? change.oldValue}{" "}
                {change.resource && (
                  <Link component={RouterLink} to={`/resources/${change.resource.id}`}>
                    {change.resource.name}
                  </Link>
                )}
              </Typography>
              <Typography variant="body2" color="textSecondary">
                <RelativeTime value={change.timestamp} /> {t("dashboard.runs.by", { actor: change.actor })}
              </Typography>
            </Box>
          ))}
        </Rows>
      )}
    </Panel>
  );
}

/** Resources of each cloud, and how many of them have tags in effect. */
export function Clouds({ clouds }: { clouds: DashboardFiguresQuery["dashboard"]["resourcesByCloud"] }) {
  return (
    <Panel title={t("dashboard.clouds.title")}>
      <Box sx={{ display: "grid", gap: 1.5 }}>
        {clouds.map(({ cloud, resources, tagged }) => (
          <Box key={cloud}>
            <Box sx={{ display: "flex", justifyContent: "space-between", gap: 1, mb: 0.5 }}>
              <Link component={RouterLink} to={`/resources?cloud=${cloud}`}>
                {cloud}
              </Link>
              <Typography variant="body2" color="textSecondary">
                {t("dashboard.clouds.tagged", { tagged, resources })}
              </Typography>
            </Box>
            <LinearProgress
              variant="determinate"
              aria-label={cloud}
              value={resources === 0 ? 0 : (tagged / resources) * 100}
              sx={{ height: 6, borderRadius: 3 }}
            />
          </Box>
        ))}
      </Box>
    </Panel>
  );
}
