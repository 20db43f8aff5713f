import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { Suspense, useState } from "react";
import { clientConfig } from "../../app/config.ts";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { useViewer } from "../../app/viewer.tsx";
import { DataTable } from "../../components/DataTable.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { type VocabularyKeyPartsFragment, VocabularySettingsDocument } from "../../gql/graphql.ts";

const VocabularyKeyDialog = later(() => import("./VocabularyKeyDialog.tsx"));

const yes = (value: boolean) => t(value ? "settings.vocabulary.yes" : "settings.vocabulary.no");

function threshold(own: number | null, service: number): string {
  return own === null ? t("settings.vocabulary.default", { value: String(service) }) : String(own);
}

/** Keys of the vocabulary with their thresholds; administrators edit them. */
export function Vocabulary() {
  const { data, error, refetch } = useQuery(VocabularySettingsDocument);
  const { canAdminister } = useViewer();
  const { thresholds } = clientConfig();
  const [edited, setEdited] = useState<VocabularyKeyPartsFragment | null>(null);
  const head = [
    t("settings.vocabulary.key"),
    t("settings.vocabulary.governed"),
    t("settings.vocabulary.required"),
    t("settings.vocabulary.approval"),
    t("settings.vocabulary.review"),
    t("settings.vocabulary.autoApply"),
    t("settings.vocabulary.changed"),
  ];
  return (
    <Panel title={t("settings.vocabulary")} help={t("settings.vocabulary.help")}>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton variant="rounded" height={300} />}
      {!canAdminister && (
        <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
          {t("settings.vocabulary.readOnly")}
        </Typography>
      )}
      {data && (
        <DataTable
          label={t("settings.vocabulary")}
          head={head}
          rows={data.vocabulary.map((key) => ({
            id: key.id,
            cells: [
              canAdminister ? (
                <Button
                  size="small"
                  sx={{ minWidth: 0, px: 0.5, ml: -0.5 }}
                  aria-label={t("settings.vocabulary.edit", { key: key.name })}
                  onClick={() => setEdited(key)}
                >
                  {key.name}
                </Button>
              ) : (
                <Box component="span" title={key.description}>
                  {key.name}
                </Box>
              ),
              yes(key.governed),
              yes(key.required),
              t(`settings.vocabulary.approval.${key.approval}`),
              threshold(key.manualReviewThreshold ?? null, thresholds.review),
              threshold(key.autoApplyThreshold ?? null, thresholds.autoApply),
              key.customized.join(", ") || "–",
            ],
          }))}
        />
      )}
      {edited && (
        <Suspense fallback={<Loading overlay />}>
          <VocabularyKeyDialog vocabularyKey={edited} onClose={() => setEdited(null)} />
        </Suspense>
      )}
    </Panel>
  );
}
