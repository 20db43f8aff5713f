import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { Link as RouterLink } from "react-router";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ConnectionTable, type TableColumn } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { FilterBar } from "../../components/FilterBar.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import { useConnection } from "../../components/useConnection.ts";
import { RunDecisionsDocument, type RunDecisionsQuery } from "../../gql/graphql.ts";
import { choice, urlCodec } from "../../url/codec.ts";
import { useUrlView } from "../../url/useUrlView.ts";

type Decision = NonNullable<RunDecisionsQuery["jobRun"]>["decisions"]["nodes"][number];

const outcomes = [
  "APPROVED",
  "DENIED",
  "UNDONE",
  "WAITING",
  "ALREADY_DECIDED",
  "CONFLICT",
  "FORBIDDEN",
  "NOT_FOUND",
  "STALE",
] as const;
const codec = urlCodec({ outcome: choice(outcomes) });

const columns: readonly TableColumn<Decision>[] = [
  {
    id: "outcome",
    header: t("automation.decisions.outcome"),
    width: "140px",
    cell: (row) => formatEnum(row.outcome),
  },
  {
    id: "tag",
    header: t("automation.decisions.tag"),
    width: "minmax(180px, 1fr)",
    cell: (row) => row.tag && <TagChip tagKey={row.tag.tagKey} tagValue={row.tag.tagValue} />,
  },
  {
    id: "resource",
    header: t("automation.decisions.resource"),
    width: "minmax(180px, 1fr)",
    cell: (row) =>
      row.tag?.resource && (
        <Link component={RouterLink} to={`/resources/${row.tag.resource.id}`}>
          {row.tag.resource.name}
        </Link>
      ),
  },
  {
    id: "why",
    header: t("automation.decisions.why"),
    width: "minmax(180px, 2fr)",
    cell: (row) => <span title={row.userError?.message}>{row.userError?.message ?? "–"}</span>,
  },
];

/** Tags that a run decides, each with its outcome. */
export function Decisions({ runId, serial }: { runId: string; serial: string }) {
  const { view, dropped, setView } = useUrlView(codec);
  const list = useConnection(RunDecisionsDocument, { id: runId, first: 100, ...view }, ({ jobRun }) => ({
    rows: jobRun?.decisions.nodes ?? [],
    endCursor: jobRun?.decisions.pageInfo.endCursor,
    hasNextPage: jobRun?.decisions.pageInfo.hasNextPage ?? false,
    totalCount: jobRun?.decisions.totalCount,
    totalCountIsEstimate: jobRun?.decisions.totalCountIsEstimate,
  }));
  const options = outcomes.map((value) => ({ value, label: formatEnum(value) }));
  return (
    <section aria-labelledby="decisions" key={serial}>
      <Typography variant="h2" id="decisions" gutterBottom>
        {t("automation.decisions.title")}
      </Typography>
      <FilterBar
        fields={[{ name: "outcome", label: t("automation.decisions.outcome"), options }]}
        view={view}
        dropped={dropped}
        onChange={setView}
      />
      <ConnectionTable
        label={t("automation.decisions.title")}
        list={list}
        columns={columns}
        rowId={(row) => row.id}
        maxHeight="420px"
        empty={<EmptyState title={t("automation.decisions.none")} />}
      />
    </section>
  );
}
