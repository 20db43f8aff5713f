import Box from "@mui/material/Box";
import Tab from "@mui/material/Tab";
import Tabs from "@mui/material/Tabs";
import { lazy, Suspense } from "react";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ConnectionTable } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { FilterBar, type FilterField } from "../../components/FilterBar.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Page } from "../../components/Page.tsx";
import { TextInput } from "../../components/TextInput.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { type TagAuditFilter, TagAuditDocument, type TagAuditOrder } from "../../gql/graphql.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { auditColumns } from "./columns.tsx";
import { auditActions, auditCodec, dayOf, startOfDay, subjectTypes } from "./view.ts";

const AdminTab = lazy(() => import("./AdminTab.tsx"));

const enumOptions = (values: readonly string[]) => values.map((value) => ({ value, label: formatEnum(value) }));

const actor: FilterField = { name: "actor", label: t("audit.filter.actor") };
const tagFields: FilterField[] = [
  { name: "action", label: t("audit.filter.action"), options: enumOptions(auditActions), width: 160 },
  actor,
  { name: "tagKey", label: t("audit.filter.tagKey"), width: 160 },
  {
    name: "order",
    label: t("audit.filter.order"),
    width: 160,
    options: (["NEWEST", "OLDEST"] as const).map((value) => ({ value, label: t(`audit.order.${value}`) })),
  },
];
const adminFields: FilterField[] = [
  { name: "subjectType", label: t("audit.filter.subjectType"), options: enumOptions(subjectTypes), width: 180 },
  actor,
];

function TagsTab({ filter, order }: { filter: TagAuditFilter; order: TagAuditOrder }) {
  const list = useConnection(TagAuditDocument, { first: 100, filter, order }, ({ tagAudit }) => ({
    rows: tagAudit.nodes,
    ...tagAudit.pageInfo,
    totalCount: tagAudit.totalCount,
    totalCountIsEstimate: tagAudit.totalCountIsEstimate,
  }));
  return (
    <ConnectionTable
      label={t("audit.table.tags")}
      list={list}
      columns={auditColumns}
      rowId={(row) => row.id}
      empty={<EmptyState title={t("audit.empty")} description={t("audit.emptyHelp")} />}
    />
  );
}

/** Audit trail of tags, and of administration. */
export default function Audit() {
  const { canAdminister } = useViewer();
  const { view, dropped, setView } = useUrlView(auditCodec);
  const { tab: chosen = "tags", order = "NEWEST", subjectType, ...filter } = view;
  const tab = canAdminister ? chosen : "tags";
  return (
    <Page title={t("audit.title")}>
      {canAdminister && (
        <Tabs
          value={tab}
          aria-label={t("audit.tabs")}
          onChange={(_event, next: "tags" | "administration") => setView({ tab: next, actor: view.actor })}
          sx={{ mb: 1.5 }}
        >
          {(["tags", "administration"] as const).map((name) => (
            <Tab
              key={name}
              value={name}
              id={`tab-${name}`}
              aria-controls={`panel-${name}`}
              label={t(`audit.tab.${name}`)}
            />
          ))}
        </Tabs>
      )}
      <Box
        role={canAdminister ? "tabpanel" : undefined}
        id={`panel-${tab}`}
        aria-labelledby={canAdminister ? `tab-${tab}` : undefined}
      >
        <FilterBar fields={tab === "tags" ? tagFields : adminFields} view={view} dropped={dropped} onChange={setView}>
          {tab === "tags" &&
            (["from", "to"] as const).map((name) => (
              <TextInput
                key={name}
                type="date"
                label={t(`audit.filter.${name}`)}
                value={dayOf(view[name])}
                onChange={(event) => setView((before) => ({ ...before, [name]: startOfDay(event.target.value) }))}
                shrink
                sx={{ width: 160 }}
              />
            ))}
        </FilterBar>
        {tab === "tags" ? (
          <TagsTab filter={filter} order={order} />
        ) : (
          <Suspense fallback={<Loading />}>
            <AdminTab filter={{ actor: view.actor, subjectType }} />
          </Suspense>
        )}
      </Box>
    </Page>
  );
}
