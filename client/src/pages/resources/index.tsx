import Add from "@mui/icons-material/Add";
import Refresh from "@mui/icons-material/Refresh";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import { useQuery } from "@apollo/client/react";
import { Suspense, useState } from "react";
import { Link as RouterLink, useNavigate } from "react-router";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { useLive } from "../../app/live.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ConnectionTable } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ExportButton } from "../../components/ExportButton.tsx";
import { FilterBar, type FilterField } from "../../components/FilterBar.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Page } from "../../components/Page.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { ResourceChangesDocument, ResourcesDocument, ResourceTagKeysDocument } from "../../gql/graphql.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { resourceColumns } from "./columns.tsx";
import { resourceFacet } from "./facets.ts";
import { resourceQuery, resourcesCodec, type ResourcesView } from "./view.ts";

const AddResourceDialog = later(() => import("./AddResourceDialog.tsx"));

const option = (value: string, label: string = value) => ({ value, label });

function filterFields(view: ResourcesView, keys: readonly string[]): FilterField[] {
  return [
    { name: "namePrefix", label: t("resources.filter.name"), width: 200 },
    {
      name: "cloud",
      label: t("resources.filter.cloud"),
      width: 140,
      options: ["AWS", "AZURE", "GCP"].map((c) => option(c)),
      facet: resourceFacet("CLOUD", view),
    },
    { name: "accountId", label: t("resources.filter.account"), facet: resourceFacet("ACCOUNT", view), width: 170 },
    {
      name: "resourceType",
      label: t("resources.filter.type"),
      facet: resourceFacet("RESOURCE_TYPE", view),
      width: 160,
    },
    { name: "region", label: t("resources.filter.region"), width: 140 },
    {
      name: "tagKey",
      label: t("resources.filter.tagKey"),
      width: 170,
      free: true,
      options: keys.map((key) => option(key)),
    },
    {
      name: "lacksTagKey",
      label: t("resources.filter.lacks"),
      width: 170,
      free: true,
      options: keys.map((key) => option(key)),
    },
    {
      name: "order",
      label: t("resources.order"),
      width: 150,
      options: (["ID", "NEWEST", "OLDEST"] as const).map((order) => option(order, t(`resources.order.${order}`))),
    },
  ];
}

/** Number of resources that have changed since the list was loaded. */
function useChanges(view: ResourcesView, serial: unknown): number {
  const filter = { accountId: view.accountId, cloud: view.cloud, resourceType: view.resourceType };
  const [changed, setChanged] = useState<{ serial: unknown; ids: ReadonlySet<string> }>({ serial, ids: new Set() });
  useLive(
    ResourceChangesDocument,
    { filter },
    {
      cursor: (data) => data.resourceEvents.cursor,
      next: ({ resourceEvents }) =>
        setChanged((before) => ({
          serial,
          ids: new Set([
            ...(before.serial === serial ? before.ids : []),
            ...resourceEvents.events.map(({ resource }) => resource.id),
          ]),
        })),
    },
  );
  return changed.serial === serial ? changed.ids.size : 0;
}

/** Resources of the inventory with their tags. */
export default function Resources() {
  const { view, dropped, setView } = useUrlView(resourcesCodec);
  const navigate = useNavigate();
  const viewer = useViewer();
  // Null until the dialog is first opened; what was typed into it stays when it is closed.
  const [adding, setAdding] = useState<boolean | null>(null);
  const { data: vocabulary } = useQuery(ResourceTagKeysDocument);
  const list = useConnection(ResourcesDocument, { first: 100, ...resourceQuery(view) }, ({ resources }) => ({
    rows: resources.nodes,
    ...resources.pageInfo,
    totalCount: resources.totalCount,
    totalCountIsEstimate: resources.totalCountIsEstimate,
  }));
  const changed = useChanges(view, list.rows);
  const keys = vocabulary?.vocabulary ?? [];
  return (
    <Page
      title={t("resources.title")}
      figures={list.total !== null && t("resources.figures", { count: list.total })}
      actions={
        <>
          <ExportButton
            input={{ kind: "RESOURCES", resourceFilter: resourceQuery(view).filter }}
            label={t("resources.export")}
            title={t("resources.exportNote")}
          />
          {viewer.canAdminister && (
            <Button startIcon={<Add />} onClick={() => setAdding(true)}>
              {t("resources.add")}
            </Button>
          )}
        </>
      }
    >
      <FilterBar
        fields={filterFields(
          view,
          keys.map(({ name }) => name),
        )}
        view={view}
        dropped={dropped}
        onChange={setView}
      />
      <Box sx={{ display: "flex", flexWrap: "wrap", gap: 0.75, mb: 1 }}>
        {keys
          .filter(({ governed }) => governed)
          .map(({ name }) => {
            const active = view.lacksTagKey === name;
            return (
              <Chip
                key={name}
                label={t("resources.lacks", { key: name })}
                color={active ? "primary" : "default"}
                variant={active ? "filled" : "outlined"}
                aria-pressed={active}
                onClick={() => setView((before) => ({ ...before, lacksTagKey: active ? undefined : name }))}
              />
            );
          })}
        <Box sx={{ flex: 1 }} />
        {changed > 0 && (
          <Chip
            icon={<Refresh />}
            color="primary"
            label={t("resources.changed", { count: changed })}
            onClick={list.reload}
          />
        )}
      </Box>
      <ConnectionTable
        label={t("resources.table")}
        list={list}
        columns={resourceColumns}
        rowId={(row) => row.id}
        onOpen={(row) => void navigate(`/resources/${row.id}`)}
        empty={
          <EmptyState
            title={t("resources.empty")}
            description={t("resources.emptyHelp")}
            action={
              <Button component={RouterLink} to="/imports" variant="contained">
                {t("resources.import")}
              </Button>
            }
          />
        }
      />
      {adding !== null && (
        <Suspense fallback={<Loading overlay />}>
          <AddResourceDialog open={adding} onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </Page>
  );
}
