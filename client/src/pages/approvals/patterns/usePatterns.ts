import { useCallback, useMemo, useState } from "react";
import { useConnection } from "../../../components/useConnection.ts";
import { type ApprovalFilter, ApprovalGroupsDocument, type GroupPartsFragment } from "../../../gql/graphql.ts";
import type { BoundedFilter, DecisionVerb } from "../decisions.ts";
import { useBulkDecisions } from "../useBulkDecisions.ts";
import { type ApprovalsView, queueFilter } from "../view.ts";

export const groupId = (group: GroupPartsFragment) =>
  JSON.stringify([group.tagKey, group.tagValue, group.source, group.evidenceSignature]);
const groupLabel = (group: GroupPartsFragment) => `${group.tagKey}=${group.tagValue}`;

/** Filter of a group's tags among those that the page's filters select. */
export function groupFilter(view: ApprovalsView, group: GroupPartsFragment): ApprovalFilter {
  const { tagKey, tagValue, source, evidenceSignature } = group;
  return { ...queueFilter(view), tagKey, tagValue, source, evidenceSignature };
}

/** Groups of the queue with a cursor; decided ones leave, and come back when they are undone. */
export function usePatterns(view: ApprovalsView) {
  const list = useConnection(
    ApprovalGroupsDocument,
    { first: 100, filter: queueFilter(view), order: view.groups ?? "IMPACT" },
    ({ approvalGroups }) => ({
      rows: approvalGroups.nodes,
      endCursor: approvalGroups.pageInfo.endCursor,
      hasNextPage: approvalGroups.pageInfo.hasNextPage,
      totalCount: approvalGroups.totalCount,
      totalCountIsEstimate: approvalGroups.totalCountIsEstimate,
    }),
  );
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [wish, setWish] = useState(0);
  const rows = useMemo(() => list.rows.filter((group) => !gone.has(groupId(group))), [list.rows, gone]);
  const count = rows.length;
  const index = Math.max(0, Math.min(count - 1, wish));
  const setIndex = useCallback(
    (change: (before: number) => number) =>
      setWish((before) => Math.max(0, Math.min(count - 1, change(Math.min(before, count - 1))))),
    [count],
  );
  const bulk = useBulkDecisions();
  const { decide: decideBulk } = bulk;
  const decide = useCallback(
    async (verb: DecisionVerb, group: GroupPartsFragment, count: number, selection: BoundedFilter) => {
      const id = groupId(group);
      const restore = () => setGone((before) => new Set([...before].filter((other) => other !== id)));
      if (await decideBulk({ verb, label: groupLabel(group), count, selection, restore })) {
        setGone((before) => new Set(before).add(id));
      }
    },
    [decideBulk],
  );
  return { list, rows, index, current: rows[index], setIndex, decide, bulk };
}
