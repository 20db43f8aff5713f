import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useEffect, useEffectEvent } from "react";
import { Link } from "react-router";
import { formatAmount, formatMonth, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { Choice } from "../../components/Choice.tsx";
import { DataTable } from "../../components/DataTable.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { SelectInput } from "../../components/TextInput.tsx";
import { type CostFiguresQuery, CostFiguresDocument } from "../../gql/graphql.ts";
import { CostByValue } from "./CostByValue.tsx";
import { currencies } from "./cost.ts";

interface CostPanelProps {
  tagKey: string | undefined;
  currency: string | undefined;
  onChange: (change: { costKey?: string; currency?: string }) => void;
  /** Called when the panel has its height. */
  onReady: () => void;
}

type Coverage = CostFiguresQuery["costCoverage"][number];

const UNALLOCATED_SHOWN = 8;

function Keys({ rows }: { rows: readonly Coverage[] }) {
  const columns = ["approved", "native", "pending", "suggested", "missing"] as const;
  return (
    <DataTable
      label={t("dashboard.cost.byKey")}
      head={[
        t("dashboard.reliability.key"),
        t("dashboard.cost.covered"),
        ...columns.map((name) => t(`dashboard.state.${name}`)),
      ]}
      rows={rows.map((row) => ({
        id: row.tagKey,
        cells: [
          row.tagKey,
          row.coveredShare === null || row.coveredShare === undefined ? "–" : formatPercent(row.coveredShare),
          ...columns.map((name) => formatAmount(row[name], row.currency)),
        ],
      }))}
    />
  );
}

function Unallocated({ rows }: { rows: CostFiguresQuery["unallocatedCost"] }) {
  return (
    <DataTable
      label={t("dashboard.cost.unallocatedTitle")}
      head={[
        t("dashboard.cost.service"),
        t("dashboard.coverage.by.account"),
        t("dashboard.cost.amount"),
        t("dashboard.cost.unknown"),
      ]}
      rows={rows.slice(0, UNALLOCATED_SHOWN).map(({ service, accountId, amount, currency, unknownResources }) => ({
        id: `${accountId} ${service ?? ""}`,
        cells: [service ?? "–", accountId, formatAmount(amount, currency), unknownResources],
      }))}
    />
  );
}

/** Cost of a month: whom it belongs to by a key, how much of it each key covers, and what belongs to no resource. */
export default function CostPanel({ tagKey, currency, onChange, onReady }: CostPanelProps) {
  const { data, error, refetch } = useQuery(CostFiguresDocument, { fetchPolicy: "no-cache" });
  const isReady = data !== undefined || error !== undefined;
  const ready = useEffectEvent(onReady);
  useEffect(() => {
    if (isReady) ready();
  }, [isReady]);
  const known = data ? currencies(data.costCoverage) : [];
  const shown = known.find((name) => name === currency) ?? known[0];
  const rows = data?.costCoverage.filter((row) => row.currency === shown) ?? [];
  const keys = rows.map((row) => row.tagKey);
  const key = keys.find((name) => name === tagKey) ?? keys.find((name) => name === "team") ?? keys[0];
  const [first] = rows;
  const help = first && {
    month: formatMonth(first.month),
    total: formatAmount(first.total, first.currency),
  };
  return (
    <Panel
      title={t("dashboard.cost.title")}
      help={help && t(first.isComplete ? "dashboard.cost.help" : "dashboard.cost.helpSoFar", help)}
      controls={
        <>
          {known.length > 1 && shown !== undefined && (
            <Choice
              label={t("dashboard.cost.currency")}
              value={shown}
              options={known.map((value) => ({ value, label: value }))}
              onChange={(value) => onChange({ currency: value })}
            />
          )}
          {key !== undefined && (
            <SelectInput
              label={t("dashboard.reliability.key")}
              value={key}
              options={keys.map((value) => ({ value, label: value }))}
              onChange={(value) => onChange({ costKey: value })}
              sx={{ width: 180 }}
            />
          )}
        </>
      }
    >
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton variant="rounded" height={120} />}
      {data && key === undefined && (
        <Typography color="textSecondary">
          {t("dashboard.cost.none")}{" "}
          <Button size="small" component={Link} to="/imports">
            {t("dashboard.cost.import")}
          </Button>
        </Typography>
      )}
      {key !== undefined && shown !== undefined && (
        <Box
          sx={{
            display: "grid",
            gap: 3,
            gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "minmax(0, 2fr) minmax(0, 3fr)" },
          }}
        >
          <CostByValue tagKey={key} currency={shown} />
          <Box sx={{ display: "grid", gap: 2, alignContent: "start", gridTemplateColumns: "minmax(0, 1fr)" }}>
            <section>
              <Typography variant="h3">{t("dashboard.cost.byKey")}</Typography>
              <Keys rows={rows} />
            </section>
            {data && data.unallocatedCost.length > 0 && (
              <section>
                <Typography variant="h3">{t("dashboard.cost.unallocatedTitle")}</Typography>
                <Unallocated rows={data.unallocatedCost.filter((row) => row.currency === shown)} />
              </section>
            )}
          </Box>
        </Box>
      )}
    </Panel>
  );
}
