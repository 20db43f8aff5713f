import Link from "@mui/material/Link";
import { Link as RouterLink } from "react-router";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import type { TableColumn } from "../../components/ConnectionTable.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import type { AuditPartsFragment } from "../../gql/graphql.ts";

/** Values before and after in words: "a → b". */
function changeOf({ oldValue, newValue, oldStatus, newStatus }: AuditPartsFragment): string {
  const value =
    oldValue && newValue && oldValue !== newValue ? `${oldValue} → ${newValue}` : (newValue ?? oldValue ?? "");
  const status = [oldStatus, newStatus].filter((item) => item != null).map((item) => formatEnum(item));
  return status.length > 0 ? `${value} (${[...new Set(status)].join(" → ")})` : value;
}

export const auditColumns: readonly TableColumn<AuditPartsFragment>[] = [
  {
    id: "time",
    header: t("audit.column.time"),
    width: "130px",
    cell: (row) => <RelativeTime value={row.timestamp} />,
  },
  { id: "action", header: t("audit.column.action"), width: "110px", cell: (row) => formatEnum(row.action) },
  {
    id: "actor",
    header: t("audit.column.actor"),
    width: "150px",
    cell: (row) => <span title={row.actor}>{row.actor}</span>,
  },
  { id: "key", header: t("audit.column.tag"), width: "150px", cell: (row) => row.tagKey },
  {
    id: "change",
    header: t("audit.column.change"),
    width: "minmax(220px, 2fr)",
    cell: (row) => <span title={changeOf(row)}>{changeOf(row)}</span>,
  },
  {
    id: "resource",
    header: t("audit.column.resource"),
    width: "minmax(180px, 2fr)",
    cell: (row) =>
      row.resource ? (
        <Link component={RouterLink} to={`/resources/${row.resource.id}`} title={row.resourceId}>
          {row.resource.name}
        </Link>
      ) : (
        `${row.resourceId} ${t("audit.deleted")}`
      ),
  },
  { id: "source", header: t("audit.column.source"), width: "100px", cell: (row) => formatEnum(row.source) },
  {
    id: "reason",
    header: t("audit.column.reason"),
    width: "minmax(140px, 1fr)",
    cell: (row) => <span title={row.reason ?? ""}>{row.reason ?? "–"}</span>,
  },
  {
    id: "run",
    header: t("audit.column.run"),
    width: "110px",
    cell: (row) =>
      row.runId ? (
        <Link component={RouterLink} to={`/automation/runs/${row.runId}`}>
          {t("audit.run")}
        </Link>
      ) : (
        "–"
      ),
  },
];
