import FormControlLabel from "@mui/material/FormControlLabel";
import Box from "@mui/material/Box";
import Radio from "@mui/material/Radio";
import RadioGroup from "@mui/material/RadioGroup";
import Typography from "@mui/material/Typography";
import { t } from "../../app/i18n.ts";
import { Panel } from "../../components/Panel.tsx";
import type { KeySettings } from "../../keys/dispatcher.ts";
import { KeyMapEditor } from "../../keys/KeyMapEditor.tsx";
import { useKeyScopes } from "../../keys/KeysProvider.tsx";
import { saveKeySettings, useKeySettings } from "../../keys/settings.ts";

/** Single keys on or off (WCAG 2.1.4), and other keys for the actions. */
export function Shortcuts() {
  const settings = useKeySettings();
  const scopes = useKeyScopes();
  return (
    <Box sx={{ display: "grid", gap: 1.5 }}>
      <Panel title={t("settings.shortcuts.mode")} help={t("settings.shortcuts.modeHelp")}>
        <RadioGroup
          aria-label={t("settings.shortcuts.mode")}
          value={settings.mode}
          onChange={(_event, mode) => saveKeySettings({ ...settings, mode: mode as KeySettings["mode"] })}
        >
          {(["on", "focus", "off"] as const).map((mode) => (
            <FormControlLabel
              key={mode}
              value={mode}
              control={<Radio size="small" />}
              label={t(`settings.shortcuts.${mode}`)}
            />
          ))}
        </RadioGroup>
      </Panel>
      {scopes.map((scope) => (
        <Panel key={scope.name} title={`${t("settings.shortcuts.keys")}: ${scope.title}`}>
          <KeyMapEditor scope={scope} />
        </Panel>
      ))}
      <Typography color="textSecondary">{t("settings.shortcuts.others")}</Typography>
    </Box>
  );
}
