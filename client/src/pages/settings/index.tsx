import Tab from "@mui/material/Tab";
import Tabs from "@mui/material/Tabs";
import { Link, Navigate, Route, Routes, useLocation } from "react-router";
import { t } from "../../app/i18n.ts";
import { Page } from "../../components/Page.tsx";
import { Appearance } from "./Appearance.tsx";
import { Models } from "./Models.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { Vocabulary } from "./Vocabulary.tsx";

const sections = ["vocabulary", "models", "shortcuts", "appearance"] as const;

export default function Settings() {
  const { pathname } = useLocation();
  const section = sections.find((name) => pathname.startsWith(`/settings/${name}`)) ?? "vocabulary";
  return (
    <Page title={t("settings.title")} documentTitle={`${t(`settings.${section}`)} · ${t("settings.title")}`}>
      <Tabs
        component="nav"
        value={section}
        role="navigation"
        aria-label={t("settings.sections")}
        variant="scrollable"
        sx={{ mb: 2, borderBottom: 1, borderColor: "divider" }}
      >
        {sections.map((name) => (
          <Tab
            key={name}
            value={name}
            component={Link}
            role="link"
            aria-selected={undefined}
            aria-current={name === section ? "page" : undefined}
            tabIndex={0}
            to={`/settings/${name}`}
            label={t(`settings.${name}`)}
          />
        ))}
      </Tabs>
      <Routes>
        <Route path="vocabulary" element={<Vocabulary />} />
        <Route path="models" element={<Models />} />
        <Route path="shortcuts" element={<Shortcuts />} />
        <Route path="appearance" element={<Appearance />} />
        <Route path="*" element={<Navigate to="/settings/vocabulary" replace />} />
      </Routes>
    </Page>
  );
}
