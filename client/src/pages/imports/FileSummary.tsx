import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { DataTable } from "../../components/DataTable.tsx";
import type { ImportPlanPartsFragment, ImportSummaryPartsFragment } from "../../gql/graphql.ts";

type Summary = Pick<
  ImportPlanPartsFragment | ImportSummaryPartsFragment,
  "format" | "complete" | "incompleteReasons" | "mapping" | "accounts"
>;

/** Accounts of a file that the service names at most. */
const ACCOUNTS_SHOWN = 100;

/** Format of a file, whether it lists all resources of its accounts, and what is read from where. */
export function FileSummary({ summary }: { summary: Summary }) {
  const { format, complete, incompleteReasons, mapping, accounts } = summary;
  if (!format) return null;
  return (
    <section aria-labelledby="file-summary">
      <Typography variant="h2" id="file-summary" gutterBottom>
        {t(`imports.format.${format}`)}
      </Typography>
      <Alert severity={complete ? "success" : "info"} sx={{ mb: 1.5 }}>
        {t(complete ? "imports.summary.complete" : "imports.summary.incomplete")}
        {incompleteReasons.length > 0 && (
          <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
            {incompleteReasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </Box>
        )}
      </Alert>
      <Box
        sx={{ display: "grid", gap: 2, gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "repeat(2, minmax(0, 1fr))" } }}
      >
        {mapping.length > 0 && (
          <Box sx={{ maxHeight: 320, overflow: "auto" }}>
            <DataTable
              label={t("imports.summary.mapping")}
              head={[t("imports.summary.field"), t("imports.summary.source")]}
              rows={mapping.map(({ field, source }) => ({ id: field, cells: [field, source] }))}
            />
          </Box>
        )}
        {accounts.length > 0 && (
          <Box sx={{ maxHeight: 320, overflow: "auto" }}>
            <DataTable
              label={t("imports.summary.accounts")}
              head={[t("imports.summary.account"), t("imports.summary.resources")]}
              rows={accounts.map(({ accountId, resources }) => ({
                id: accountId,
                cells: [accountId, formatNumber(resources)],
              }))}
            />
            {accounts.length === ACCOUNTS_SHOWN && (
              <Typography variant="body2" color="textSecondary">
                {t("imports.summary.first", { count: ACCOUNTS_SHOWN })}
              </Typography>
            )}
          </Box>
        )}
      </Box>
    </section>
  );
}
