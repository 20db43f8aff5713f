import { t } from "../../app/i18n.ts";
import { themeModes, useThemeMode } from "../../app/ThemeButton.tsx";
import { Choice } from "../../components/Choice.tsx";
import { Panel } from "../../components/Panel.tsx";

export function Appearance() {
  const { mode, setMode } = useThemeMode();
  return (
    <Panel title={t("common.theme.label")} help={t("settings.theme.help")}>
      <Choice
        label={t("common.theme.label")}
        value={mode}
        options={themeModes.map((value) => ({ value, label: t(`common.theme.${value}`) }))}
        onChange={setMode}
      />
    </Panel>
  );
}
