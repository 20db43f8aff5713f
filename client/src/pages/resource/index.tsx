import LinearProgress from "@mui/material/LinearProgress";
import Tab from "@mui/material/Tab";
import Tabs from "@mui/material/Tabs";
import Box from "@mui/material/Box";
import { useQuery } from "@apollo/client/react";
import { lazy, Suspense } from "react";
import { useParams } from "react-router";
import { t } from "../../app/i18n.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Page } from "../../components/Page.tsx";
import { ResourceDetailDocument } from "../../gql/graphql.ts";
import { choice, urlCodec } from "../../url/codec.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { ResourceHead } from "./ResourceHead.tsx";
import { TagsTab } from "./TagsTab.tsx";

const WhyTab = lazy(() => import("./WhyTab.tsx"));
const HistoryTab = lazy(() => import("./HistoryTab.tsx"));

const tabs = ["tags", "why", "history"] as const;
const codec = urlCodec({ tab: choice(tabs) });

/** Resource with its tags, the reasons for them, and their history. */
export default function Resource() {
  const { id = "" } = useParams();
  const { view, setView } = useUrlView(codec);
  const { data, error, loading, refetch } = useQuery(ResourceDetailDocument, { variables: { id } });
  const resource = data?.resource;
  const tab = view.tab ?? "tags";
  const reload = () => void refetch();
  return (
    <Page title={resource?.name ?? t("resource.title")}>
      {loading && !data && <LinearProgress aria-label={t("common.loading")} />}
      {error && <ErrorPanel error={error} onRetry={reload} />}
      {data && !resource && <EmptyState title={t("resource.missing")} description={t("resource.missingHelp")} />}
      {data && resource && (
        <>
          <ResourceHead resource={resource} />
          <Tabs
            value={tab}
            aria-label={t("resource.tabs")}
            onChange={(_event, next: (typeof tabs)[number]) => setView({ tab: next === "tags" ? undefined : next })}
            sx={{ mb: 2 }}
          >
            {tabs.map((name) => (
              <Tab
                key={name}
                value={name}
                id={`tab-${name}`}
                aria-controls={`panel-${name}`}
                label={t(`resource.tab.${name}`)}
              />
            ))}
          </Tabs>
          <Box role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
            <Suspense fallback={<Loading />}>
              {tab === "tags" && <TagsTab resource={resource} vocabulary={data.vocabulary} onChange={reload} />}
              {tab === "why" && <WhyTab resource={resource} vocabulary={data.vocabulary} />}
              {tab === "history" && <HistoryTab id={resource.id} />}
            </Suspense>
          </Box>
        </>
      )}
    </Page>
  );
}
