import Button from "@mui/material/Button";
import MuiLink from "@mui/material/Link";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { describeError } from "../../../app/errors.ts";
import { formatEnum } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { ConnectionTable, type TableColumn } from "../../../components/ConnectionTable.tsx";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { RelativeTime } from "../../../components/RelativeTime.tsx";
import { TagChip } from "../../../components/TagChip.tsx";
import { useConnection } from "../../../components/useConnection.ts";
import { useNotify } from "../../../components/UndoSnackbar.tsx";
import { DecidedTagsDocument, type DecidedTagsQuery } from "../../../gql/graphql.ts";
import { sender, takeBack } from "../decisions.ts";
import { type ApprovalsView, decidedFilter } from "../view.ts";

type DecidedRow = DecidedTagsQuery["tagAudit"]["nodes"][number];

/** Decisions, newest first, each with its undo while it holds. */
export default function Decided({ view }: { view: ApprovalsView }) {
  const { canDecide } = useViewer();
  const notify = useNotify();
  const [undone, setUndone] = useState<ReadonlySet<string>>(new Set());
  const list = useConnection(DecidedTagsDocument, { first: 50, filter: decidedFilter(view) }, ({ tagAudit }) => ({
    rows: tagAudit.nodes,
    endCursor: tagAudit.pageInfo.endCursor,
    hasNextPage: tagAudit.pageInfo.hasNextPage,
  }));
  const { reload } = list;
  useEffect(() => {
    // What was decided a moment ago is still on its way.
    if (sender.getState().unconfirmed > 0) void sender.settled().then(reload, () => undefined);
  }, [reload]);
  const undo = async (id: string) => {
    try {
      const outcome = await takeBack({ ids: [id] });
      setUndone((before) => new Set(before).add(id));
      notify({ message: t("approvals.done.UNDO", { count: outcome.decided }), severity: "info" });
    } catch (error) {
      notify({ message: describeError(error).message, severity: "error" });
    }
  };
  const columns: TableColumn<DecidedRow>[] = [
    {
      id: "tag",
      header: t("approvals.decided.what"),
      width: "minmax(220px, 3fr)",
      cell: (row) => (
        <TagChip
          tagKey={row.tagKey}
          tagValue={row.newValue ?? ""}
          variant={row.newStatus === "DENIED" ? "denied" : "effective"}
        />
      ),
    },
    {
      id: "resource",
      header: t("approvals.decided.resource"),
      width: "minmax(180px, 3fr)",
      cell: (row) =>
        row.resource ? (
          <MuiLink component={Link} to={`/resources/${row.resource.id}`}>
            {row.resource.name}
          </MuiLink>
        ) : (
          row.resourceId
        ),
    },
    { id: "who", header: t("approvals.decided.who"), width: "minmax(110px, 1fr)", cell: (row) => row.actor },
    {
      id: "when",
      header: t("approvals.decided.when"),
      width: "110px",
      cell: (row) => <RelativeTime value={row.timestamp} />,
    },
    {
      id: "reason",
      header: t("approvals.decided.reason"),
      width: "minmax(120px, 2fr)",
      cell: (row) => <span title={row.reason ?? ""}>{row.reason}</span>,
    },
    {
      id: "undo",
      header: t("approvals.decided.now"),
      width: "120px",
      align: "end",
      cell: (row) => {
        const tag = row.virtualTag;
        if (!tag || tag.approvalStatus !== row.newStatus || undone.has(tag.id)) {
          return tag && undone.has(tag.id) ? t("common.undone") : t("approvals.decided.changed");
        }
        return canDecide ? (
          <Button
            size="small"
            onClick={() => void undo(tag.id)}
            aria-label={t("approvals.decided.undo", { tag: `${row.tagKey}=${row.newValue ?? ""}` })}
          >
            {t("approvals.undo")}
          </Button>
        ) : (
          formatEnum(tag.approvalStatus)
        );
      },
    },
  ];
  return (
    <ConnectionTable
      label={t("approvals.decided.list")}
      list={list}
      columns={columns}
      rowId={(row) => row.id}
      empty={<EmptyState title={t("approvals.decided.none")} />}
      maxHeight="calc(100dvh - 330px)"
    />
  );
}
