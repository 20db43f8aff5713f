import type { SvgIconComponent } from "@mui/icons-material";
import AutoMode from "@mui/icons-material/AutoMode";
import Category from "@mui/icons-material/Category";
import FactCheck from "@mui/icons-material/FactCheck";
import History from "@mui/icons-material/History";
import ImportExport from "@mui/icons-material/ImportExport";
import Insights from "@mui/icons-material/Insights";
import Rule from "@mui/icons-material/Rule";
import Settings from "@mui/icons-material/Settings";
import type { MessageName } from "./i18n.ts";

export interface NavigationEntry {
  path: string;
  label: MessageName;
  /** Second key of the sequence that starts with `g`. */
  key: string;
  icon: SvgIconComponent;
}

export const navigation: readonly NavigationEntry[] = [
  { path: "/approvals", label: "common.nav.approvals", key: "a", icon: FactCheck },
  { path: "/resources", label: "common.nav.resources", key: "r", icon: Category },
  { path: "/rules", label: "common.nav.rules", key: "u", icon: Rule },
  { path: "/automation", label: "common.nav.automation", key: "m", icon: AutoMode },
  { path: "/imports", label: "common.nav.imports", key: "i", icon: ImportExport },
  { path: "/", label: "common.nav.dashboard", key: "d", icon: Insights },
  { path: "/audit", label: "common.nav.audit", key: "t", icon: History },
  { path: "/settings", label: "common.nav.settings", key: "s", icon: Settings },
];

/** True if the path is the entry's page or below it. */
export function isCurrent(entry: NavigationEntry, pathname: string): boolean {
  if (entry.path === "/") return pathname === "/" || pathname === "/dashboard";
  return pathname === entry.path || pathname.startsWith(`${entry.path}/`);
}
