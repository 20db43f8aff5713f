import ArrowDownward from "@mui/icons-material/ArrowDownward";
import ArrowUpward from "@mui/icons-material/ArrowUpward";
import Box from "@mui/material/Box";
import IconButton from "@mui/material/IconButton";
import Link from "@mui/material/Link";
import Paper from "@mui/material/Paper";
import Switch from "@mui/material/Switch";
import Typography from "@mui/material/Typography";
import type { KeyboardEvent } from "react";
import { Link as RouterLink } from "react-router";
import { t } from "../../app/i18n.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import type { RulePartsFragment } from "../../gql/graphql.ts";

interface RuleRowProps {
  rule: RulePartsFragment;
  place: number;
  total: number;
  busy: boolean;
  canAdminister: boolean;
  onMove: (by: number) => void;
  onEnable: (enabled: boolean) => void;
}

/** Rule of the list. Alt with the arrow keys moves it. */
export function RuleRow({ rule, place, total, busy, canAdminister, onMove, onEnable }: RuleRowProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (canAdminister) onMove(event.key === "ArrowUp" ? -1 : 1);
  };
  return (
    <Paper
      component="li"
      onKeyDown={onKeyDown}
      data-rule={rule.id}
      sx={{ p: 1.25, display: "flex", gap: 1.5, opacity: rule.enabled ? 1 : 0.85 }}
    >
      <Typography sx={{ minWidth: 24, textAlign: "end", fontVariantNumeric: "tabular-nums" }}>{place}</Typography>
      <Box sx={{ flex: 1, minWidth: 0, display: "grid", gap: 0.5 }}>
        <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
          <Link component={RouterLink} to={`/rules/${rule.id}`} sx={{ fontWeight: 650, overflowWrap: "anywhere" }}>
            {rule.ruleName}
          </Link>
          <TagChip tagKey={rule.tagKey} tagValue={rule.tagValue} />
          {rule.corrects && <Typography variant="body2">{t("rules.corrects")}</Typography>}
          {!rule.inEffect && (
            <Typography variant="body2" color="warning.main">
              {t("rules.notInEffect")}
            </Typography>
          )}
        </Box>
        <Box
          component="code"
          title={rule.condition}
          sx={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}
        >
          {rule.condition}
        </Box>
        <Typography variant="body2" color="textSecondary">
          {rule.updatedBy} <RelativeTime value={rule.updatedAt} />
        </Typography>
      </Box>
      {canAdminister && (
        <Box sx={{ display: "flex", flexDirection: { xs: "column", sm: "row" }, alignItems: "center" }}>
          <IconButton
            aria-label={t("rules.moveUp", { name: rule.ruleName })}
            disabled={busy || place === 1}
            onClick={() => onMove(-1)}
          >
            <ArrowUpward />
          </IconButton>
          <IconButton
            aria-label={t("rules.moveDown", { name: rule.ruleName })}
            disabled={busy || place === total}
            onClick={() => onMove(1)}
          >
            <ArrowDownward />
          </IconButton>
          <Switch
            checked={rule.enabled}
            disabled={busy}
            onChange={(_event, checked) => onEnable(checked)}
            slotProps={{ input: { "aria-label": t("rules.enabled", { name: rule.ruleName }) } }}
          />
        </Box>
      )}
    </Paper>
  );
}
