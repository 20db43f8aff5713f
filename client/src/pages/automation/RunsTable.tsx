import Link from "@mui/material/Link";
import { Link as RouterLink, useNavigate } from "react-router";
import { locale, t } from "../../app/i18n.ts";
import { ConnectionTable, type TableColumn } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { countsOf } from "../../components/RunProgress.tsx";
import type { ConnectionList } from "../../components/useConnection.ts";
import type { RunPartsFragment } from "../../gql/graphql.ts";

/** Seconds that a run took, in words. */
function tookOf({ startedAt, finishedAt }: Pick<RunPartsFragment, "startedAt" | "finishedAt">): string {
  if (!startedAt || !finishedAt) return "–";
  const seconds = (new Date(finishedAt).getTime() - new Date(startedAt).getTime()) / 1000;
  return `${seconds.toLocaleString(locale, { maximumFractionDigits: seconds < 10 ? 1 : 0 })} s`;
}

const columns: readonly TableColumn<RunPartsFragment>[] = [
  {
    id: "job",
    header: t("automation.column.job"),
    width: "minmax(150px, 1fr)",
    cell: (row) => (
      <Link
        component={RouterLink}
        to={`/automation/runs/${row.id}`}
        tabIndex={-1}
        onClick={(event) => event.stopPropagation()}
      >
        {t(`automation.job.${row.jobName}`)}
      </Link>
    ),
  },
  {
    id: "status",
    header: t("automation.column.status"),
    width: "110px",
    cell: (row) => t(`automation.status.${row.status}`),
  },
  {
    id: "requested",
    header: t("automation.column.requested"),
    width: "130px",
    cell: (row) => <RelativeTime value={row.createdAt} />,
  },
  {
    id: "by",
    header: t("automation.column.by"),
    width: "minmax(130px, 1fr)",
    cell: (row) => <span title={row.requestedBy}>{row.requestedBy}</span>,
  },
  { id: "took", header: t("automation.column.took"), width: "90px", align: "end", cell: tookOf },
  {
    id: "counts",
    header: t("automation.column.counts"),
    width: "minmax(220px, 3fr)",
    cell: (row) => <span title={countsOf(row)}>{countsOf(row) || (row.error ?? "–")}</span>,
  },
];

/** Runs, newest first; a row opens its run. */
export function RunsTable({
  label,
  list,
  empty,
}: {
  label: string;
  list: ConnectionList<RunPartsFragment>;
  empty: string;
}) {
  const navigate = useNavigate();
  return (
    <ConnectionTable
      label={label}
      list={list}
      columns={columns}
      rowId={(row) => row.id}
      onOpen={(row) => void navigate(`/automation/runs/${row.id}`)}
      maxHeight="480px"
      empty={<EmptyState title={empty} />}
    />
  );
}
