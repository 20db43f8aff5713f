import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Skeleton from "@mui/material/Skeleton";
import { formatDay, formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { Choice } from "../../components/Choice.tsx";
import { DataTable } from "../../components/DataTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { CoverageTrendDocument } from "../../gql/graphql.ts";
import { type CoverageState, coverageStates, type TrendDay, trendDays } from "./figures.ts";

const colours: Record<CoverageState, string> = {
  native: "var(--mui-palette-state-native)",
  approved: "var(--mui-palette-state-approved)",
  pending: "var(--mui-palette-state-pending)",
  contradicted: "var(--mui-palette-warning-main)",
  suggested: "var(--mui-palette-state-suggested)",
  invalid: "var(--mui-palette-state-invalid)",
  missing: "var(--mui-palette-state-missing)",
};

function Legend() {
  return (
    <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1.5, fontSize: 12, mt: 1 }}>
      {coverageStates.map((state) => (
        <Box key={state} sx={{ display: "flex", alignItems: "center", gap: 0.5 }}>
          <Box sx={{ width: 10, height: 10, borderRadius: 0.25, bgcolor: colours[state], forcedColorAdjust: "none" }} />
          {t(`dashboard.state.${state}`)}
        </Box>
      ))}
    </Box>
  );
}

function Bars({ days, tagKey }: { days: readonly TrendDay[]; tagKey: string }) {
  const step = 100 / Math.max(days.length, 14);
  return (
    <Box
      component="svg"
      role="img"
      aria-label={t("dashboard.trend.chart", { days: days.length, key: tagKey })}
      viewBox="0 0 100 40"
      preserveAspectRatio="none"
      sx={{ width: "100%", height: 220, display: "block" }}
    >
      {days.map((day, index) => {
        let below = 0;
        return coverageStates.map((state) => {
          const share = day.resources === 0 ? 0 : (day[state] / day.resources) * 40;
          below += share;
          return (
            <rect
              key={`${day.day}${state}`}
              x={index * step}
              y={40 - below}
              width={step * 0.86}
              height={share}
              fill={colours[state]}
            >
              <title>{`${formatDay(day.day)} · ${t(`dashboard.state.${state}`)}: ${formatNumber(day[state])}`}</title>
            </rect>
          );
        });
      })}
    </Box>
  );
}

interface TrendProps {
  tagKey: string | undefined;
  show: "chart" | "table";
  onChange: (change: { trend: "chart" | "table" }) => void;
}

/** Coverage day by day, of the key that is chosen, or of all. */
export function Trend({ tagKey, show, onChange }: TrendProps) {
  const { data, error, refetch } = useQuery(CoverageTrendDocument, { fetchPolicy: "no-cache" });
  const days = trendDays(data?.coverageHistory ?? [], tagKey);
  const name = tagKey ?? t("dashboard.reliability.allKeys");
  return (
    <Panel
      title={`${t("dashboard.trend.title")}: ${name}`}
      controls={
        <Choice
          label={t("dashboard.view.label")}
          value={show}
          options={(["chart", "table"] as const).map((value) => ({ value, label: t(`dashboard.view.${value}`) }))}
          onChange={(value) => onChange({ trend: value })}
        />
      }
    >
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton variant="rounded" height={220} />}
      {data && days.length === 0 && <EmptyState title={t("dashboard.trend.none")} />}
      {days.length > 0 && show === "chart" && (
        <>
          <Bars days={days} tagKey={name} />
          <Legend />
        </>
      )}
      {days.length > 0 && show === "table" && (
        <DataTable
          label={t("dashboard.trend.title")}
          head={[t("dashboard.trend.day"), ...coverageStates.map((state) => t(`dashboard.state.${state}`))]}
          rows={[...days].reverse().map((day) => ({
            id: day.day,
            cells: [
              formatDay(day.day),
              ...coverageStates.map((state) => formatPercent(day[state] / (day.resources || 1))),
            ],
          }))}
        />
      )}
    </Panel>
  );
}
