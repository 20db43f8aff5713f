import { useMutation } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { formatBytes, formatEnum, formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { DataTable } from "../../components/DataTable.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import { UserErrors } from "../../components/UserErrors.tsx";
import { ActivateModelDocument, type ModelPartsFragment } from "../../gql/graphql.ts";

const share = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : formatPercent(value);

function Metrics({ model }: { model: ModelPartsFragment }) {
  return (
    <DataTable
      label={t("settings.models.metrics", { version: model.version })}
      head={[
        t("settings.models.key"),
        t("settings.models.support"),
        t("settings.models.precision90"),
        t("settings.models.coverage90"),
        t("settings.models.precision70"),
        t("settings.models.ece"),
      ]}
      rows={model.metrics.map((metric) => ({
        id: metric.key,
        cells: [
          metric.key,
          formatNumber(metric.support),
          share(metric.precision90),
          share(metric.coverage90),
          share(metric.precision70),
          metric.ece.toFixed(3),
        ],
      }))}
    />
  );
}

interface ModelCardProps {
  model: ModelPartsFragment;
  mayChange: boolean;
  onChanged: () => void;
}

/** Model with what it learned from and how good it is; another version can be put into use. */
export function ModelCard({ model, mayChange, onChanged }: ModelCardProps) {
  const [asking, setAsking] = useState(false);
  const [activate, { data, error, loading }] = useMutation(ActivateModelDocument);
  const notify = useNotify();
  const use = async () => {
    const result = await activate({ variables: { input: { version: model.version } } }).catch(() => undefined);
    setAsking(false);
    if (!result?.data?.rollbackModel.model) return;
    notify({ message: t("settings.models.used", { version: model.version }) });
    onChanged();
  };
  const active = model.status === "ACTIVE";
  return (
    <Panel
      title={model.version}
      controls={
        <>
          <Chip
            size="small"
            color={active ? "success" : "default"}
            variant="outlined"
            label={formatEnum(model.status)}
          />
          {mayChange && !active && (
            <Button size="small" onClick={() => setAsking(true)}>
              {t("settings.models.use")}
            </Button>
          )}
        </>
      }
      help={model.statusReason}
    >
      <Typography variant="body2" color="textSecondary" component="div" sx={{ mb: 1 }}>
        {t("settings.models.trained")} <RelativeTime value={model.createdAt} />{" "}
        {t("settings.models.resources", { count: model.resourceCount })} ·{" "}
        {t("settings.models.labels", { ...counts(model) })} · {formatBytes(model.byteCount)}
      </Typography>
      <Metrics model={model} />
      <Box sx={{ mt: 1 }}>
        <UserErrors errors={data?.rollbackModel.userErrors} />
        {error && <ErrorPanel error={error} />}
      </Box>
      <ConfirmDialog
        open={asking}
        title={t("settings.models.useTitle", { version: model.version })}
        verb={t("settings.models.use")}
        busy={loading}
        onConfirm={() => void use()}
        onClose={() => setAsking(false)}
      >
        <Typography>{t("settings.models.useHelp")}</Typography>
      </ConfirmDialog>
    </Panel>
  );
}

/** Numbers of labels, for their message. */
function counts({ labels: { native, decided, denied, byRule } }: ModelPartsFragment) {
  return { native, decided, denied, byRule };
}
