import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useEffect, useEffectEvent } from "react";
import { Link } from "react-router";
import { t } from "../../app/i18n.ts";
import { Choice } from "../../components/Choice.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { type CoverageDimension, CoverageGridDocument } from "../../gql/graphql.ts";
import { CoverageTable } from "./CoverageTable.tsx";
import { type CoverageBy, coverageGrid, groupLimit } from "./grid.ts";

const dimension: Record<CoverageBy, CoverageDimension> = { account: "ACCOUNT", cloud: "CLOUD", type: "RESOURCE_TYPE" };

interface CoverageMapProps {
  by: CoverageBy;
  show: "share" | "counts";
  onChange: (change: { by?: CoverageBy; show?: "share" | "counts" }) => void;
  /** Called when the panel has its height. */
  onReady: () => void;
}

/** Heat map of coverage: keys by accounts, clouds or types. */
export function CoverageMap({ by, show, onChange, onReady }: CoverageMapProps) {
  const { data, error, refetch } = useQuery(CoverageGridDocument, {
    variables: { groupBy: ["KEY", dimension[by]] },
    fetchPolicy: "no-cache",
  });
  const isReady = data !== undefined || error !== undefined;
  const ready = useEffectEvent(onReady);
  useEffect(() => {
    if (isReady) ready();
  }, [isReady]);
  const controls = (
    <>
      <Choice
        label={t("dashboard.coverage.by")}
        value={by}
        options={(["account", "cloud", "type"] as const).map((value) => ({
          value,
          label: t(`dashboard.coverage.by.${value}`),
        }))}
        onChange={(value) => onChange({ by: value })}
      />
      <Choice
        label={t("dashboard.coverage.show")}
        value={show}
        options={(["share", "counts"] as const).map((value) => ({
          value,
          label: t(`dashboard.coverage.show.${value}`),
        }))}
        onChange={(value) => onChange({ show: value })}
      />
    </>
  );
  const grid = data && coverageGrid(data.coverage, by);
  return (
    <Panel title={t("dashboard.coverage.title")} help={t("dashboard.coverage.help")} controls={controls}>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!grid && !error && <Skeleton variant="rounded" height={240} />}
      {grid?.groups.length === 0 && (
        <EmptyState
          title={t("dashboard.coverage.empty")}
          description={t("dashboard.coverage.emptyHelp")}
          action={
            <Button component={Link} to="/imports" variant="contained">
              {t("dashboard.coverage.import")}
            </Button>
          }
        />
      )}
      {grid && grid.groups.length > 0 && (
        <Box>
          <CoverageTable keys={grid.keys} groups={grid.groups.slice(0, groupLimit)} by={by} show={show} />
          <Typography variant="body2" color="textSecondary" sx={{ mt: 1 }}>
            {t("dashboard.coverage.keys")}
            {grid.groups.length > groupLimit && `. ${t("dashboard.coverage.more", { count: groupLimit })}`}
          </Typography>
        </Box>
      )}
    </Panel>
  );
}
