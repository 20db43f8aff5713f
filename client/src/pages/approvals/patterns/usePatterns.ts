import { useCallback, useMemo, useRef, useState } from "react";
import { describeError } from "../../../app/errors.ts";
import { t } from "../../../app/i18n.ts";
import { useConnection } from "../../../components/useConnection.ts";
import { useNotify } from "../../../components/UndoSnackbar.tsx";
import {
  type ApprovalFilter,
  ApprovalGroupsDocument,
  type GroupPartsFragment,
  type RunPartsFragment,
} from "../../../gql/graphql.ts";
import { type Decisions, decideAll, type DecisionVerb, takeBack } from "../decisions.ts";
import { type ApprovalsView, queueFilter } from "../view.ts";

/** Decision on a group in this session. */
export interface GroupDecision {
  number: number;
  verb: DecisionVerb;
  label: string;
  count: number;
  group: GroupPartsFragment;
  decisions: Decisions;
}

/** Run that decides the tags of a group, or takes them back. */
export interface FollowedRun {
  verb: DecisionVerb | "UNDO";
  label: string;
  run: RunPartsFragment;
}

export const groupId = (group: GroupPartsFragment) =>
  JSON.stringify([group.tagKey, group.tagValue, group.source, group.evidenceSignature]);
export const groupLabel = (group: GroupPartsFragment) => `${group.tagKey}=${group.tagValue}`;

/** Filter of a group's tags among those that the page's filters select. */
export function groupFilter(view: ApprovalsView, group: GroupPartsFragment): ApprovalFilter {
  const { tagKey, tagValue, source, evidenceSignature } = group;
  return { ...queueFilter(view), tagKey, tagValue, source, evidenceSignature };
}

/** Groups of the queue with a cursor; decided ones leave, and come back when they are undone. */
export function usePatterns(view: ApprovalsView) {
  const notify = useNotify();
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
  const [history, setHistory] = useState<readonly GroupDecision[]>([]);
  const [runs, setRuns] = useState<readonly FollowedRun[]>([]);
  const [busy, setBusy] = useState(false);
  const number = useRef(1);
  const rows = useMemo(() => list.rows.filter((group) => !gone.has(groupId(group))), [list.rows, gone]);
  const count = rows.length;
  const index = Math.max(0, Math.min(count - 1, wish));
  const setIndex = useCallback(
    (change: (before: number) => number) =>
      setWish((before) => Math.max(0, Math.min(count - 1, change(Math.min(before, count - 1))))),
    [count],
  );
  const follow = useCallback((followed: FollowedRun) => setRuns((before) => [...before, followed]), []);
  const failed = useCallback(
    (error: unknown) => notify({ message: describeError(error).message, severity: "error" }),
    [notify],
  );
  const hide = (group: GroupPartsFragment) => setGone((before) => new Set(before).add(groupId(group)));
  const show = useCallback((group: GroupPartsFragment) => {
    setGone((before) => new Set([...before].filter((id) => id !== groupId(group))));
  }, []);

  const undo = useCallback(
    async (entry: GroupDecision) => {
      try {
        const outcome = await takeBack(entry.decisions);
        setHistory((before) => before.filter((other) => other !== entry));
        show(entry.group);
        if (outcome.run) follow({ verb: "UNDO", label: entry.label, run: outcome.run });
        else notify({ message: t("approvals.done.UNDO", { count: outcome.decided }), severity: "info" });
      } catch (error) {
        failed(error);
      }
    },
    [failed, follow, notify, show],
  );
  const decide = useCallback(
    async (verb: DecisionVerb, group: GroupPartsFragment, filter: ApprovalFilter) => {
      setBusy(true);
      try {
        const outcome = await decideAll(verb, filter);
        hide(group);
        const decisions = outcome.run ? { run: outcome.run.id } : { ids: outcome.ids };
        const label = groupLabel(group);
        const size = outcome.run ? group.count : outcome.decided;
        const entry = { number: number.current++, verb, label, count: size, group, decisions };
        setHistory((before) => [...before, entry]);
        if (outcome.run) follow({ verb, label, run: outcome.run });
        else {
          const left = outcome.refused > 0 ? ` ${t("approvals.done.left", { count: outcome.refused })}` : "";
          const message = `${t(`approvals.done.${verb}`, { count: outcome.decided })}: ${label}.${left}`;
          notify({ message, undo: () => void undo(entry) });
        }
      } catch (error) {
        failed(error);
      } finally {
        setBusy(false);
      }
    },
    [failed, follow, notify, undo],
  );
  const forget = useCallback((id: string) => setRuns((before) => before.filter(({ run }) => run.id !== id)), []);
  return { list, rows, index, current: rows[index], setIndex, decide, undo, history, runs, forget, busy };
}
