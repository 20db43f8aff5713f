import { useQuery } from "@apollo/client/react";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { Choice } from "../../components/Choice.tsx";
import { DataTable } from "../../components/DataTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { SelectInput } from "../../components/TextInput.tsx";
import { CalibrationFiguresDocument } from "../../gql/graphql.ts";
import { calibrationError, type DecisionsOf, type ReliabilityPoint, reliabilityPoints } from "./figures.ts";
import { ReliabilityChart, sentence } from "./ReliabilityChart.tsx";

interface ReliabilityProps {
  tagKey: string | undefined;
  decisions: DecisionsOf;
  show: "chart" | "table";
  onChange: (change: { key?: string | undefined; decisions?: DecisionsOf; reliability?: "chart" | "table" }) => void;
}

function PointTable({ points }: { points: readonly ReliabilityPoint[] }) {
  return (
    <DataTable
      label={t("dashboard.reliability.title")}
      head={[
        t("dashboard.reliability.bucket"),
        t("dashboard.reliability.confidence"),
        t("dashboard.reliability.observed"),
        t("dashboard.reliability.interval"),
        t("dashboard.reliability.count"),
      ]}
      rows={points.map((point) => ({
        id: String(point.from),
        cells: [
          `${point.from.toFixed(2)}–${point.to.toFixed(2)}`,
          formatPercent(point.meanConfidence),
          formatPercent(point.observedRate),
          `${formatPercent(point.lowerBound)}–${formatPercent(point.upperBound)}`,
          formatNumber(point.decided),
        ],
      }))}
    />
  );
}

/** Shares of proposals that people confirmed, by the confidence of the engine. */
export function Reliability({ tagKey, decisions, show, onChange }: ReliabilityProps) {
  const { data, error, refetch } = useQuery(CalibrationFiguresDocument, { fetchPolicy: "no-cache" });
  const keys = data?.calibration ?? [];
  const chosen = keys.some((key) => key.tagKey === tagKey) ? tagKey : undefined;
  const points = reliabilityPoints(
    keys.filter((key) => chosen === undefined || key.tagKey === chosen),
    decisions,
  );
  const decided = points.reduce((sum, point) => sum + point.decided, 0);
  const largest = points.reduce<ReliabilityPoint | undefined>(
    (best, point) => (best && best.decided >= point.decided ? best : point),
    undefined,
  );
  const controls = (
    <>
      <SelectInput
        label={t("dashboard.reliability.key")}
        value={chosen ?? ""}
        options={[
          { value: "", label: t("dashboard.reliability.allKeys") },
          ...keys.map((key) => ({ value: key.tagKey, label: key.tagKey })),
        ]}
        onChange={(value) => onChange({ key: value === "" ? undefined : value })}
        sx={{ minWidth: 140 }}
      />
      <SelectInput
        label={t("dashboard.reliability.decisions")}
        value={decisions}
        options={(["overall", "single", "bulk", "audited"] as const).map((value) => ({
          value,
          label: t(`dashboard.reliability.${value}`),
        }))}
        onChange={(value) => onChange({ decisions: value as DecisionsOf })}
        sx={{ minWidth: 140 }}
      />
      <Choice
        label={t("dashboard.view.label")}
        value={show}
        options={(["chart", "table"] as const).map((value) => ({ value, label: t(`dashboard.view.${value}`) }))}
        onChange={(value) => onChange({ reliability: value })}
      />
    </>
  );
  return (
    <Panel title={t("dashboard.reliability.title")} help={t("dashboard.reliability.help")} controls={controls}>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton variant="rounded" height={320} />}
      {data && !largest && (
        <EmptyState title={t("dashboard.reliability.none")} description={t("dashboard.reliability.noneHelp")} />
      )}
      {largest && (
        <>
          {show === "table" ? <PointTable points={points} /> : <ReliabilityChart points={points} />}
          <Typography variant="body2" sx={{ mt: 1 }}>
            {sentence(largest)}{" "}
            {t("dashboard.reliability.ece", { error: calibrationError(points).toFixed(3), count: decided })}
          </Typography>
        </>
      )}
    </Panel>
  );
}
