import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ConnectionTable, type TableColumn } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { AdminChangesDocument, type AdminChangeFilter, type AdminChangesQuery } from "../../gql/graphql.ts";

type Change = AdminChangesQuery["adminChanges"]["nodes"][number];

const columns: readonly TableColumn<Change>[] = [
  {
    id: "time",
    header: t("audit.column.time"),
    width: "140px",
    cell: (row) => <RelativeTime value={row.timestamp} />,
  },
  { id: "action", header: t("audit.column.action"), width: "120px", cell: (row) => formatEnum(row.action) },
  { id: "actor", header: t("audit.column.actor"), width: "minmax(140px, 1fr)", cell: (row) => row.actor },
  { id: "type", header: t("audit.column.subject"), width: "150px", cell: (row) => formatEnum(row.subjectType) },
  { id: "name", header: t("audit.column.details"), width: "minmax(180px, 2fr)", cell: (row) => row.subjectName },
];

/** Changes of rules, schedules, tokens, models and the vocabulary. */
export default function AdminTab({ filter }: { filter: AdminChangeFilter }) {
  const [shown, setShown] = useState<Change | null>(null);
  const list = useConnection(AdminChangesDocument, { first: 100, filter }, ({ adminChanges }) => ({
    rows: adminChanges.nodes,
    ...adminChanges.pageInfo,
    totalCount: adminChanges.totalCount,
    totalCountIsEstimate: adminChanges.totalCountIsEstimate,
  }));
  return (
    <>
      <ConnectionTable
        label={t("audit.table.administration")}
        list={list}
        columns={columns}
        rowId={(row) => row.id}
        onOpen={setShown}
        empty={<EmptyState title={t("audit.empty")} />}
      />
      {shown && (
        <Dialog open onClose={() => setShown(null)} maxWidth="md" fullWidth aria-labelledby="admin-change">
          <DialogTitle id="admin-change">{t("audit.details", { subject: shown.subjectName })}</DialogTitle>
          <DialogContent>
            <Box sx={{ display: "grid", gridTemplateColumns: { xs: "1fr", md: "1fr 1fr" }, gap: 2 }}>
              {(["before", "after"] as const).map((side) => (
                <Box key={side} sx={{ minWidth: 0 }}>
                  <Typography variant="subtitle2" component="h3">
                    {t(`audit.${side}`)}
                  </Typography>
                  <Box component="pre" sx={{ m: 0, whiteSpace: "pre-wrap", overflowWrap: "anywhere", fontSize: 13 }}>
                    {shown[side] == null ? t("audit.nothing") : JSON.stringify(shown[side], null, 2)}
                  </Box>
                </Box>
              ))}
            </Box>
          </DialogContent>
          <DialogActions>
            <Button onClick={() => setShown(null)}>{t("common.close")}</Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
