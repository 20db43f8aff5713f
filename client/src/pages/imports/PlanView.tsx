import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import type { ImportPlanPartsFragment } from "../../gql/graphql.ts";
import { FileSummary } from "./FileSummary.tsx";

/** Counts of a plan, and samples of what it would change. */
export function PlanView({ plan }: { plan: ImportPlanPartsFragment }) {
  return (
    <section aria-labelledby="plan">
      <Typography variant="h2" id="plan" gutterBottom>
        {t("imports.plan.title")}
      </Typography>
      <Box component="dl" sx={{ display: "flex", flexWrap: "wrap", gap: 2, m: 0, mb: 1.5 }}>
        {(["inserted", "updated", "unchanged", "rejected"] as const).map((name) => (
          <Paper key={name} sx={{ px: 2, py: 1, display: "flex", flexDirection: "column-reverse" }}>
            <Typography component="dt" variant="body2" color="textSecondary">
              {t(`imports.plan.${name}`)}
            </Typography>
            <Typography
              component="dd"
              variant="h2"
              sx={{ m: 0 }}
              color={name === "rejected" && plan.rejected > 0 ? "error" : undefined}
            >
              {formatNumber(plan[name])}
            </Typography>
          </Paper>
        ))}
      </Box>
      <Box sx={{ mb: 1.5 }}>
        <FileSummary summary={plan} />
      </Box>
      {plan.samples.length > 0 && (
        <TableContainer component={Paper} tabIndex={0} sx={{ maxHeight: 320 }}>
          <Table size="small" stickyHeader aria-label={t("imports.plan.samples")}>
            <TableHead>
              <TableRow>
                {(["action", "line", "resource", "changes"] as const).map((column) => (
                  <TableCell key={column}>{t(`imports.plan.${column}`)}</TableCell>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {plan.samples.map(({ action, line, resourceId, changes }) => (
                <TableRow key={line}>
                  <TableCell>{t(`imports.action.${action}`)}</TableCell>
                  <TableCell>{line}</TableCell>
                  <TableCell sx={{ overflowWrap: "anywhere" }}>{resourceId}</TableCell>
                  <TableCell sx={{ overflowWrap: "anywhere" }}>
                    {changes.map(({ column, oldValue, newValue }) => (
                      <div key={column}>
                        <b>{column}</b>: {oldValue ?? "–"} → {newValue ?? "–"}
                      </div>
                    ))}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </TableContainer>
      )}
    </section>
  );
}
