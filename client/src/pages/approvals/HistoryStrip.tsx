import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Tooltip from "@mui/material/Tooltip";
import Typography from "@mui/material/Typography";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { visuallyHidden } from "../../components/visuallyHidden.ts";

/** Decision as the strip shows it. */
export interface StripEntry {
  id: string;
  verb: "APPROVE" | "DENY" | "SKIP";
  label: string;
  count: number;
  correctedValue?: string | undefined;
  refusals: readonly string[];
  onUndo: () => void;
}

const SHOWN = 10;
const SIGNS = { APPROVE: "✓", DENY: "✗", SKIP: "→" };

/** Strip of the last ten decisions, each with its undo; the newest first. */
export function HistoryStrip({ entries }: { entries: readonly StripEntry[] }) {
  return (
    <Box
      component="section"
      aria-label={t("approvals.history.label")}
      sx={{
        display: "flex",
        gap: 1,
        overflowX: "auto",
        position: "relative",
        py: 0.5,
        mb: 1,
        minHeight: 42,
        alignItems: "center",
      }}
    >
      {entries.length === 0 && (
        <Typography variant="body2" color="textSecondary">
          {t("approvals.history.empty")}
        </Typography>
      )}
      {entries
        .slice(-SHOWN)
        .reverse()
        .map((entry) => {
          const verb = entry.correctedValue === undefined ? entry.verb : "CORRECT";
          const name = `${t(`approvals.history.${verb}`)} ${entry.label}`;
          return (
            <Box
              key={entry.id}
              sx={{
                display: "flex",
                alignItems: "center",
                flexShrink: 0,
                border: 1,
                borderColor: "divider",
                borderRadius: 1,
                pl: 1,
              }}
            >
              <Box
                component="span"
                sx={{ maxWidth: 240, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}
                title={name}
              >
                <span aria-hidden>{SIGNS[entry.verb]} </span>
                <Box component="span" sx={visuallyHidden}>
                  {t(`approvals.history.${verb}`)}{" "}
                </Box>
                {entry.label}
                {entry.count > 1 && ` ×${formatNumber(entry.count)}`}
              </Box>
              {entry.refusals.length > 0 && (
                <Tooltip title={entry.refusals.join(" ")}>
                  <Chip
                    size="small"
                    color="warning"
                    variant="outlined"
                    tabIndex={0}
                    label={t("approvals.history.refused", { count: entry.refusals.length })}
                    sx={{ ml: 0.5 }}
                  />
                </Tooltip>
              )}
              <Button size="small" onClick={entry.onUndo} aria-label={t("approvals.history.undo", { label: name })}>
                {t("approvals.undo")}
              </Button>
            </Box>
          );
        })}
    </Box>
  );
}
