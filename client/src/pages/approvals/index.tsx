import Alert from "@mui/material/Alert";
import { lazy, Suspense } from "react";
import { Route, Routes, useLocation } from "react-router";
import { formatCompact } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ExportButton } from "../../components/ExportButton.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Page } from "../../components/Page.tsx";
import { PageTabs } from "../../components/PageTabs.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useUrlView } from "../../url/useUrlView.ts";
import { ApprovalFilters, type FilterSet } from "./ApprovalFilters.tsx";
import { OutboxBar } from "./OutboxBar.tsx";
import { useFigures } from "./useFigures.ts";
import { approvalsCodec, exportFilter } from "./view.ts";

const loaders = {
  suggestions: () => import("./suggestions/Suggestions.tsx"),
  patterns: () => import("./patterns/Patterns.tsx"),
  single: () => import("./single/OneByOne.tsx"),
  decided: () => import("./decided/Decided.tsx"),
};
const Suggestions = lazy(loaders.suggestions);
const Patterns = lazy(loaders.patterns);
const OneByOne = lazy(loaders.single);
const Decided = lazy(loaders.decided);

const TABS: readonly FilterSet[] = ["suggestions", "patterns", "single", "decided"];
const tabOf = (pathname: string): FilterSet => TABS.find((name) => pathname.endsWith(`/${name}`)) ?? "suggestions";

// The tab is loaded with the page, and not after it.
void loaders[tabOf(window.location.pathname)]().catch(() => undefined);

/** Approvals: patterns with all keys they settle, groups of tags, tags one by one, and what was decided. */
export default function Approvals() {
  const { pathname, search } = useLocation();
  const { canDecide, role } = useViewer();
  const { view, dropped, setView } = useUrlView(approvalsCodec);
  const figures = useFigures();
  const tab = tabOf(pathname);
  return (
    <Page
      title={t("approvals.title")}
      actions={
        <ExportButton
          input={{ kind: "VIRTUAL_TAGS", virtualTagFilter: exportFilter(view, tab === "decided" ? tab : "queue") }}
          label={t("approvals.export")}
          title={t(tab === "decided" ? "approvals.exportDecided" : "approvals.exportPending")}
        />
      }
      documentTitle={figures && t("approvals.tabTitle", { count: formatCompact(figures.pending) })}
      figures={
        figures && (
          <>
            {t("approvals.waiting", { count: figures.pending })}
            {figures.oldest && (
              <>
                {" · "}
                {t("approvals.oldest")} <RelativeTime value={figures.oldest} />
              </>
            )}
            {" · "}
            {t("approvals.decidedToday", { count: figures.decidedLastDay })}
          </>
        )
      }
    >
      <PageTabs
        label={t("approvals.tabs")}
        tabs={TABS.map((name) => ({
          to: { pathname: name === "suggestions" ? "/approvals" : `/approvals/${name}`, search },
          label: t(`approvals.${name}`),
          current: name === tab,
        }))}
      />
      {role !== null && !canDecide && (
        <Alert severity="info" sx={{ mb: 1 }}>
          {t("approvals.viewer.readOnly")}
        </Alert>
      )}
      <OutboxBar />
      <ApprovalFilters tab={tab} view={view} dropped={dropped} onChange={setView} byKey={figures?.byKey ?? []} />
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route index element={<Suggestions view={view} figures={figures} />} />
          <Route path="suggestions" element={<Suggestions view={view} figures={figures} />} />
          <Route path="patterns" element={<Patterns view={view} figures={figures} />} />
          <Route path="single" element={<OneByOne view={view} setView={setView} figures={figures} />} />
          <Route path="decided" element={<Decided view={view} />} />
        </Routes>
      </Suspense>
    </Page>
  );
}
