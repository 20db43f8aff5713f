import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { t } from "../../app/i18n.ts";
import { ConnectionTable, type TableColumn } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ExportButton } from "../../components/ExportButton.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { RunRejectionsDocument, type RunRejectionsQuery } from "../../gql/graphql.ts";

type Rejection = NonNullable<RunRejectionsQuery["jobRun"]>["rejections"]["nodes"][number];

const columns: readonly TableColumn<Rejection>[] = [
  { id: "line", header: t("automation.rejections.line"), width: "80px", cell: (row) => row.line ?? "–" },
  {
    id: "column",
    header: t("automation.rejections.column"),
    width: "140px",
    cell: (row) => row.column ?? "–",
  },
  {
    id: "value",
    header: t("automation.rejections.value"),
    width: "minmax(140px, 1fr)",
    cell: (row) => <span title={row.value ?? ""}>{row.value ?? "–"}</span>,
  },
  {
    id: "reason",
    header: t("automation.rejections.reason"),
    width: "minmax(280px, 3fr)",
    cell: (row) => <span title={row.reason}>{row.reason}</span>,
  },
];

/** Lines that a run rejected, each with its reason, to read here or to download. */
export function Rejections({ runId }: { runId: string }) {
  const list = useConnection(RunRejectionsDocument, { id: runId, first: 100 }, ({ jobRun }) => ({
    rows: jobRun?.rejections.nodes ?? [],
    endCursor: jobRun?.rejections.pageInfo.endCursor,
    hasNextPage: jobRun?.rejections.pageInfo.hasNextPage ?? false,
    totalCount: jobRun?.rejections.totalCount,
    totalCountIsEstimate: jobRun?.rejections.totalCountIsEstimate,
  }));
  return (
    <section aria-labelledby="rejections">
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1, mb: 1 }}>
        <Typography variant="h2" id="rejections" sx={{ flex: 1 }}>
          {t("automation.rejections.title")}
        </Typography>
        {list.rows.length > 0 && (
          <ExportButton input={{ kind: "REJECTIONS", run: runId }} label={t("automation.rejections.download")} />
        )}
      </Box>
      <ConnectionTable
        label={t("automation.rejections.title")}
        list={list}
        columns={columns}
        rowId={(row) => `${row.line ?? ""}:${row.column ?? ""}:${row.reason}`}
        maxHeight="360px"
        empty={<EmptyState title={t("automation.rejections.none")} />}
      />
    </section>
  );
}
