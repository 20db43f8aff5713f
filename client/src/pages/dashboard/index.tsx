import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Skeleton from "@mui/material/Skeleton";
import { Suspense, useState } from "react";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
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

const CostPanel = later(() => import("./CostPanel.tsx"));

const columns = {
  display: "grid",
  gap: 1.5,
  gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" },
};

/** Panels appear when those above them have their height: nothing moves under the reader. */
const hidden = { visibility: "hidden" } as const;

export default function Dashboard() {
  const [hasCoverage, setCoverage] = useState(false);
  const [hasCost, setCost] = useState(false);
  const { view, setView } = useUrlView(dashboardCodec);
  const { data, error, refetch } = useQuery(DashboardFiguresDocument, { pollInterval: 30_000 });
  const change = (part: typeof view) => setView((before) => ({ ...before, ...part }), { replace: true });
  return (
    <Page title={t("dashboard.title")}>
      <Box sx={{ display: "grid", gap: 1.5, gridTemplateColumns: "minmax(0, 1fr)" }}>
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {data ? <Tiles data={data} /> : !error && <Skeleton variant="rounded" height={112} />}
        <CoverageMap
          by={view.by ?? "account"}
          show={view.show ?? "share"}
          onChange={change}
          onReady={() => setCoverage(true)}
        />
        <Box sx={hasCoverage ? undefined : hidden}>
          <Suspense fallback={<Skeleton variant="rounded" height={120} />}>
            <CostPanel tagKey={view.costKey} currency={view.currency} onChange={change} onReady={() => setCost(true)} />
          </Suspense>
        </Box>
        <Box sx={[columns, !(hasCoverage && hasCost) && hidden]}>
          <Reliability
            tagKey={view.key}
            decisions={view.decisions ?? "overall"}
            show={view.reliability ?? "chart"}
            onChange={change}
          />
          <Trend tagKey={view.key} show={view.trend ?? "chart"} onChange={change} />
        </Box>
        <Box sx={[columns, !(hasCoverage && hasCost) && hidden]}>
          {data && <LastRuns runs={data.dashboard.lastRuns} />}
          <RecentChanges />
          {data && <Clouds clouds={data.dashboard.resourcesByCloud} />}
        </Box>
      </Box>
    </Page>
  );
}
