import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { Confidence } from "../../components/Confidence.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import type { PredictionPartsFragment } from "../../gql/graphql.ts";
import { Losers } from "./EvidenceView.tsx";

interface PredictionsProps {
  label: string;
  predictions: readonly PredictionPartsFragment[];
  /** Values to compare with, by key. */
  stored?: ReadonlyMap<string, string>;
}

/** Winning value of each key with its reason, and the values that lost. */
export function Predictions({ label, predictions, stored }: PredictionsProps) {
  if (predictions.length === 0) return <Typography>{t("resource.why.nothing")}</Typography>;
  return (
    <Box component="ul" aria-label={label} sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1 }}>
      {predictions.map((prediction) => {
        const before = stored?.get(prediction.key);
        return (
          <Paper component="li" key={prediction.key} sx={{ p: 1.5, overflowWrap: "anywhere" }}>
            <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
              <TagChip tagKey={prediction.key} tagValue={prediction.value} />
              <Confidence value={prediction.confidence} />
              <Typography variant="body2" component="span">
                {t(`resource.outcome.${prediction.outcome}`)}
              </Typography>
              <Typography variant="body2" component="span" color="textSecondary">
                {formatEnum(prediction.source)}
              </Typography>
              {before !== undefined && before !== prediction.value && (
                <Typography variant="body2" component="span" color="warning">
                  {t("resource.why.stored", { value: before })}, {t("resource.why.differs")}
                </Typography>
              )}
            </Box>
            <Typography variant="body2" sx={{ mt: 0.5 }}>
              {prediction.reason}
            </Typography>
            <Losers losers={prediction.alternatives} />
          </Paper>
        );
      })}
    </Box>
  );
}
