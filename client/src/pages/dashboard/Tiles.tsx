import Box from "@mui/material/Box";
import CardActionArea from "@mui/material/CardActionArea";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import type { DashboardFiguresQuery } from "../../gql/graphql.ts";

function Tile({ label, value, note, to }: { label: string; value: string; note: ReactNode; to: string }) {
  return (
    <Paper>
      <CardActionArea component={Link} to={to} sx={{ p: 2, height: 1 }}>
        <Typography variant="body2" color="textSecondary">
          {label}
        </Typography>
        <Typography component="p" sx={{ fontSize: 28, fontWeight: 650, fontVariantNumeric: "tabular-nums" }}>
          {value}
        </Typography>
        <Typography variant="body2" color="textSecondary" component="div">
          {note}
        </Typography>
      </CardActionArea>
    </Paper>
  );
}

/** Figures that are read first. */
export function Tiles({ data }: { data: DashboardFiguresQuery }) {
  const { approvals, openRuns } = data.dashboard;
  const coverage = data.coverage[0];
  return (
    <Box sx={{ display: "grid", gap: 1.5, gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 180px), 1fr))" }}>
      <Tile
        label={t("dashboard.waiting")}
        value={formatNumber(approvals.pending)}
        note={
          approvals.oldest ? (
            <>
              {t("dashboard.oldest")} <RelativeTime value={approvals.oldest} />
            </>
          ) : (
            t("dashboard.suggestions", { count: approvals.suggestions })
          )
        }
        to="/approvals"
      />
      <Tile
        label={t("dashboard.decided")}
        value={formatNumber(approvals.decidedLastDay)}
        note={t("dashboard.suggestions", { count: approvals.suggestions })}
        to="/audit"
      />
      <Tile
        label={t("dashboard.covered")}
        value={coverage ? formatPercent(coverage.coveredShare) : "–"}
        note={t("dashboard.coveredOf", { count: coverage?.resources ?? 0 })}
        to="/resources"
      />
      <Tile
        label={t("dashboard.openRuns")}
        value={formatNumber(openRuns)}
        note={t("dashboard.openRunsLink")}
        to="/automation"
      />
    </Box>
  );
}
