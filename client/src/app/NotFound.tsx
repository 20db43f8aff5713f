import { EmptyState } from "../components/EmptyState.tsx";
import { Page } from "../components/Page.tsx";
import { t } from "./i18n.ts";

export function NotFound() {
  return (
    <Page title={t("common.page.missing")}>
      <EmptyState title={t("common.page.missing")} description={t("common.page.missingHelp")} />
    </Page>
  );
}
