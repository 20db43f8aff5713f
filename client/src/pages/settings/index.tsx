import { Navigate, Route, Routes, useLocation } from "react-router";
import { t } from "../../app/i18n.ts";
import { Page } from "../../components/Page.tsx";
import { PageTabs } from "../../components/PageTabs.tsx";
import { Appearance } from "./Appearance.tsx";
import { Models } from "./Models.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { Tokens } from "./Tokens.tsx";
import { Vocabulary } from "./Vocabulary.tsx";

const sections = ["vocabulary", "models", "tokens", "shortcuts", "appearance"] as const;

export default function Settings() {
  const { pathname } = useLocation();
  const section = sections.find((name) => pathname.startsWith(`/settings/${name}`)) ?? "vocabulary";
  return (
    <Page title={t("settings.title")} documentTitle={`${t(`settings.${section}`)} · ${t("settings.title")}`}>
      <PageTabs
        label={t("settings.sections")}
        tabs={sections.map((name) => ({
          to: `/settings/${name}`,
          label: t(`settings.${name}`),
          current: name === section,
        }))}
      />
      <Routes>
        <Route path="vocabulary" element={<Vocabulary />} />
        <Route path="models" element={<Models />} />
        <Route path="tokens" element={<Tokens />} />
        <Route path="shortcuts" element={<Shortcuts />} />
        <Route path="appearance" element={<Appearance />} />
        <Route path="*" element={<Navigate to="/settings/vocabulary" replace />} />
      </Routes>
    </Page>
  );
}
