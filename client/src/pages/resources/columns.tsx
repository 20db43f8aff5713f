import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import { Link as RouterLink } from "react-router";
import { formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { AccountName } from "../../components/AccountName.tsx";
import type { TableColumn } from "../../components/ConnectionTable.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import type { ResourceRowFragment } from "../../gql/graphql.ts";

/** Tags in effect, and those that wait for a decision. */
function RowTags({ row }: { row: ResourceRowFragment }) {
  return (
    <Box sx={{ display: "flex", gap: 0.5, overflow: "hidden" }}>
      {row.effectiveTags.map(({ key, value }) => (
        <TagChip key={key} tagKey={key} tagValue={value} />
      ))}
      {row.virtualTags.nodes
        .filter(
          ({ tagKey, tagValue }) => !row.effectiveTags.some((tag) => tag.key === tagKey && tag.value === tagValue),
        )
        .map(({ id, tagKey, tagValue, confidence }) => (
          <Box
            key={id}
            component="span"
            title={t("resources.pendingTag", { tag: `${tagKey}=${tagValue}`, percent: formatPercent(confidence) })}
          >
            <TagChip tagKey={tagKey} tagValue={tagValue} variant="pending" />
          </Box>
        ))}
    </Box>
  );
}

export const resourceColumns: readonly TableColumn<ResourceRowFragment>[] = [
  {
    id: "name",
    header: t("resources.column.name"),
    width: "minmax(200px, 3fr)",
    cell: (row) => (
      <Link
        component={RouterLink}
        to={`/resources/${row.id}`}
        tabIndex={-1}
        title={row.name}
        onClick={(event) => event.stopPropagation()}
        sx={{ textDecorationLine: row.retiredAt ? "line-through" : undefined }}
      >
        {row.name}
      </Link>
    ),
  },
  { id: "type", header: t("resources.column.type"), width: "minmax(150px, 2fr)", cell: (row) => row.resourceType },
  {
    id: "account",
    header: t("resources.column.account"),
    width: "minmax(130px, 1fr)",
    cell: (row) => <AccountName cloud={row.cloud} accountId={row.accountId} />,
  },
  { id: "region", header: t("resources.column.region"), width: "120px", cell: (row) => row.region ?? "–" },
  { id: "tags", header: t("resources.column.tags"), width: "minmax(320px, 5fr)", cell: (row) => <RowTags row={row} /> },
  {
    id: "lastSeen",
    header: t("resources.column.lastSeen"),
    width: "120px",
    cell: (row) => (row.retiredAt ? t("resources.retired") : <RelativeTime value={row.lastSeenAt} />),
  },
];
