import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Skeleton from "@mui/material/Skeleton";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Page } from "../../components/Page.tsx";
import { DashboardFiguresDocument } from "../../gql/graphql.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { Clouds, LastRuns, RecentChanges } from "./Activity.tsx";
import { CoverageMap } from "./CoverageMap.tsx";
import { Reliability } from "./Reliability.tsx";
import { Tiles } from "./Tiles.tsx";
import { Trend } from "./Trend.tsx";
import { dashboardCodec } from "./view.ts";

const columns = {
  display: "grid",
  gap: 1.5,
  gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" },
};

export default function Dashboard() {
  const { view, setView } = useUrlView(dashboardCodec);
  const { data, error, refetch } = useQuery(DashboardFiguresDocument, { pollInterval: 30_000 });
  const change = (part: typeof view) => setView((before) => ({ ...before, ...part }), { replace: true });
  return (
    <Page title={t("dashboard.title")}>
      <Box sx={{ display: "grid", gap: 1.5, gridTemplateColumns: "minmax(0, 1fr)" }}>
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {data ? <Tiles data={data} /> : !error && <Skeleton variant="rounded" height={112} />}
        <CoverageMap by={view.by ?? "account"} show={view.show ?? "share"} onChange={change} />
        <Box sx={columns}>
          <Reliability
            tagKey={view.key}
            decisions={view.decisions ?? "overall"}
            show={view.reliability ?? "chart"}
            onChange={change}
          />
          <Trend tagKey={view.key} show={view.trend ?? "chart"} onChange={change} />
        </Box>
        <Box sx={columns}>
          {data && <LastRuns runs={data.dashboard.lastRuns} />}
          <RecentChanges />
          {data && <Clouds clouds={data.dashboard.resourcesByCloud} />}
        </Box>
      </Box>
    </Page>
  );
}
