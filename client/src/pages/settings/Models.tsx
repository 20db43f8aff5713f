import { useMutation, useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import { UserErrors } from "../../components/UserErrors.tsx";
import { ModelSettingsDocument, TrainNowDocument } from "../../gql/graphql.ts";
import { ModelCard } from "./ModelCard.tsx";

/** Trained models, the newest first. */
export function Models() {
  const { data, error, refetch } = useQuery(ModelSettingsDocument);
  const [train, trained] = useMutation(TrainNowDocument);
  const { canAdminister, accounts } = useViewer();
  const notify = useNotify();
  const mayChange = canAdminister && accounts === null;
  const start = async () => {
    const result = await train().catch(() => undefined);
    if (result?.data?.trainModel.run) notify({ message: t("settings.models.training"), severity: "info" });
  };
  return (
    <Box sx={{ display: "grid", gap: 1.5 }}>
      <Panel
        title={t("settings.models")}
        help={t("settings.models.help")}
        controls={
          mayChange && (
            <Button variant="outlined" size="small" disabled={trained.loading} onClick={() => void start()}>
              {t("settings.models.train")}
            </Button>
          )
        }
      >
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {trained.error && <ErrorPanel error={trained.error} />}
        <UserErrors errors={trained.data?.trainModel.userErrors} />
        {!data && !error && <Skeleton variant="rounded" height={120} />}
        {data?.models.nodes.length === 0 && (
          <EmptyState title={t("settings.models.none")} description={t("settings.models.noneHelp")} />
        )}
      </Panel>
      {data?.models.nodes.map((model) => (
        <ModelCard key={model.id} model={model} mayChange={mayChange} onChanged={() => void refetch()} />
      ))}
    </Box>
  );
}
