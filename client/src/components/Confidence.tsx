import Box from "@mui/material/Box";
import { clientConfig } from "../app/config.ts";
import { formatPercent, formatPercent as percent } from "../app/format.ts";
import { t } from "../app/i18n.ts";

/** Band of a confidence by the service's thresholds. */
function confidenceBand(value: number): "high" | "medium" | "low" {
  const { autoApply, review } = clientConfig().thresholds;
  return value >= autoApply ? "high" : value >= review ? "medium" : "low";
}

const colours = { high: "success.main", medium: "info.main", low: "warning.main" };

/** Confidence as a number, a bar and a word: never by colour alone. */
export function Confidence({ value, compact = false }: { value: number; compact?: boolean }) {
  const band = confidenceBand(value);
  const word = t(`common.confidence.${band}`);
  return (
    <Box
      component="span"
      title={t("common.confidence.label", { percent: percent(value), band: word })}
      sx={{ display: "inline-flex", alignItems: "center", gap: 0.75, fontVariantNumeric: "tabular-nums" }}
    >
      <Box
        component="span"
        aria-hidden
        sx={{ width: 40, height: 6, borderRadius: 3, bgcolor: "divider", overflow: "hidden", display: "inline-block" }}
      >
        <Box
          component="span"
          sx={{
            display: "block",
            height: 1,
            width: `${value * 100}%`,
            bgcolor: colours[band],
            forcedColorAdjust: "none",
          }}
        />
      </Box>
      <span>{formatPercent(value)}</span>
      {!compact && (
        <Box component="span" sx={{ color: "text.secondary" }}>
          {word}
        </Box>
      )}
    </Box>
  );
}
