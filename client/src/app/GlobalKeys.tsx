import { Suspense, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { Loading } from "../components/Loading.tsx";
import { useKeys } from "../keys/KeysProvider.tsx";
import { t } from "./i18n.ts";
import { later } from "./later.ts";
import { navigation } from "./navigation.ts";
import { useThemeMode } from "./ThemeButton.tsx";

const CommandPalette = later(() => import("../keys/CommandPalette.tsx"));
const ShortcutSheet = later(() => import("../keys/ShortcutSheet.tsx"));

/** Keys that work on every page. */
export function GlobalKeys() {
  const navigate = useNavigate();
  const theme = useThemeMode();
  const [open, setOpen] = useState<"sheet" | "palette" | null>(null);
  const bindings = useMemo(
    () => [
      { id: "help", keys: "?", label: t("common.shortcuts.help"), run: () => setOpen("sheet") },
      { id: "palette", keys: "Ctrl+k", label: t("common.shortcuts.palette"), run: () => setOpen("palette") },
      ...navigation.map((entry) => ({
        id: `go${entry.path}`,
        keys: `g ${entry.key}`,
        label: t("common.shortcuts.goTo", { page: t(entry.label) }),
        run: () => void navigate(entry.path),
      })),
      {
        id: "filter",
        keys: "/",
        label: t("common.shortcuts.filter"),
        run: () => document.querySelector<HTMLElement>("[data-filter] :is(input, select)")?.focus(),
      },
      { id: "theme", keys: "t", label: t("common.shortcuts.theme"), run: theme.goToNext },
    ],
    [navigate, theme.goToNext],
  );
  useKeys("general", t("common.shortcuts.general"), bindings);
  return (
    <Suspense fallback={<Loading overlay />}>
      {open === "sheet" && <ShortcutSheet onClose={() => setOpen(null)} />}
      {open === "palette" && <CommandPalette onClose={() => setOpen(null)} />}
    </Suspense>
  );
}
