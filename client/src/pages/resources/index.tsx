import { t } from "../../app/i18n.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Page } from "../../components/Page.tsx";

export default function Placeholder() {
  return (
    <Page title={t("resources.title")}>
      <EmptyState title={t("common.page.placeholder")} />
    </Page>
  );
}
