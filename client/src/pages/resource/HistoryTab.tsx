import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { t } from "../../app/i18n.ts";
import { Confidence } from "../../components/Confidence.tsx";
import { ConnectionTable } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { ResourceAuditDocument, ResourceHistoryDocument } from "../../gql/graphql.ts";
import { auditColumns } from "../audit/columns.tsx";

const ownColumns = auditColumns.filter(({ id }) => id !== "resource");

/** Changes of the resource's tags, and its evaluations by version of the model. */
export default function HistoryTab({ id }: { id: string }) {
  const list = useConnection(ResourceAuditDocument, { id, first: 100 }, ({ resource }) => ({
    rows: resource?.audit.nodes ?? [],
    endCursor: resource?.audit.pageInfo.endCursor,
    hasNextPage: resource?.audit.pageInfo.hasNextPage ?? false,
  }));
  const { data, error, loading, refetch } = useQuery(ResourceHistoryDocument, {
    variables: { id },
    fetchPolicy: "no-cache",
  });
  return (
    <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: "minmax(0, 1fr)" }}>
      <section aria-labelledby="history-audit">
        <Typography variant="h2" id="history-audit" gutterBottom>
          {t("resource.history.audit")}
        </Typography>
        <ConnectionTable
          label={t("resource.history.audit")}
          list={list}
          columns={ownColumns}
          rowId={(row) => row.id}
          maxHeight="420px"
          empty={<EmptyState title={t("resource.history.none")} />}
        />
      </section>
      <section aria-labelledby="history-evaluations">
        <Typography variant="h2" id="history-evaluations" gutterBottom>
          {t("resource.history.evaluations")}
        </Typography>
        {loading && !data && <LinearProgress aria-label={t("common.loading")} />}
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        <Box sx={{ display: "grid", gap: 1 }}>
          {data?.resource?.inferences.nodes.map((inference) => (
            <Paper key={inference.id} sx={{ p: 1.5 }}>
              <Typography variant="body2" color="textSecondary" gutterBottom>
                <RelativeTime value={inference.predictedAt} />
                {", "}
                {t("resource.history.model", {
                  version: inference.modelVersion,
                  revision: String(inference.revision),
                })}
              </Typography>
              {inference.predictions.map(({ key, value, confidence, outcome }) => (
                <Box key={key} sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center", mb: 0.5 }}>
                  <TagChip tagKey={key} tagValue={value} />
                  <Confidence value={confidence} compact />
                  <Typography variant="body2">{t(`resource.outcome.${outcome}`)}</Typography>
                </Box>
              ))}
            </Paper>
          ))}
        </Box>
      </section>
    </Box>
  );
}
