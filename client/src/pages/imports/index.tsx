import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { Choice } from "../../components/Choice.tsx";
import { Page } from "../../components/Page.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { PastImportsDocument } from "../../gql/graphql.ts";
import { RunsTable } from "../automation/RunsTable.tsx";
import { ExportPanel } from "./ExportPanel.tsx";
import { ImportFlow } from "./ImportFlow.tsx";

/** Import and export of files. */
export default function Imports() {
  const { role, canDecide } = useViewer();
  const [job, setJob] = useState<"IMPORT" | "IMPORT_COST">("IMPORT");
  const past = useConnection(PastImportsDocument, { first: 50, filter: { jobName: job } }, ({ jobRuns }) => ({
    rows: jobRuns.nodes,
    ...jobRuns.pageInfo,
    totalCount: jobRuns.totalCount,
    totalCountIsEstimate: jobRuns.totalCountIsEstimate,
  }));
  return (
    <Page title={t("imports.title")}>
      <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: "minmax(0, 1fr)" }}>
        {canDecide && <ImportFlow onImported={past.reload} />}
        {role !== null && !canDecide && <Alert severity="info">{t("imports.refused")}</Alert>}
        <ExportPanel />
        <section aria-labelledby="past-imports">
          <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1, mb: 1 }}>
            <Typography variant="h2" id="past-imports" sx={{ flex: 1 }}>
              {t("imports.past")}
            </Typography>
            <Choice
              label={t("imports.past.of")}
              value={job}
              options={(["IMPORT", "IMPORT_COST"] as const).map((value) => ({
                value,
                label: t(`imports.past.${value}`),
              }))}
              onChange={setJob}
            />
          </Box>
          <RunsTable label={t("imports.past")} list={past} empty={t("imports.pastEmpty")} />
        </section>
      </Box>
    </Page>
  );
}
