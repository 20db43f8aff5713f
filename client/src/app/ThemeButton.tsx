import Brightness from "@mui/icons-material/BrightnessAuto";
import DarkMode from "@mui/icons-material/DarkMode";
import LightMode from "@mui/icons-material/LightMode";
import IconButton from "@mui/material/IconButton";
import { useColorScheme } from "@mui/material/styles";
import { t } from "./i18n.ts";

export const themeModes = ["system", "light", "dark"] as const;
type ThemeMode = (typeof themeModes)[number];

const icons = { system: Brightness, light: LightMode, dark: DarkMode };

/** Theme that is chosen, and the way to choose the next. */
export function useThemeMode() {
  const { mode, setMode } = useColorScheme();
  const current: ThemeMode = mode ?? "system";
  const next = themeModes[(themeModes.indexOf(current) + 1) % themeModes.length] ?? "system";
  return { mode: current, setMode, goToNext: () => setMode(next) };
}

export function ThemeButton() {
  const { mode, goToNext } = useThemeMode();
  const Icon = icons[mode];
  return (
    <IconButton
      size="small"
      title={`${t("common.theme.label")}: ${t(`common.theme.${mode}`)}`}
      aria-label={t("common.theme.change")}
      onClick={goToNext}
    >
      <Icon fontSize="small" />
    </IconButton>
  );
}
