import { useCallback, useRef, useState } from "react";
import { describeError } from "../../app/errors.ts";
import { t } from "../../app/i18n.ts";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import type { RunPartsFragment } from "../../gql/graphql.ts";
import { type BoundedFilter, type Decisions, decideAll, type DecisionVerb, takeBack } from "./decisions.ts";

/** Decision of this session on all tags that a filter selects. */
export interface BulkDecision {
  number: number;
  verb: DecisionVerb;
  label: string;
  count: number;
  decisions: Decisions;
  /** Number of the last decision on single tags before this one. */
  after: number;
  /** Shows the tags again after the decision is taken back. */
  restore: () => void;
}

/** Run that decides the tags of a filter, or takes them back. */
export interface FollowedRun {
  verb: DecisionVerb | "UNDO";
  label: string;
  run: RunPartsFragment;
}

/** Decision to make; `count` is the number that the person confirmed. */
export interface BulkRequest {
  verb: DecisionVerb;
  label: string;
  count: number;
  selection: BoundedFilter;
  after?: number;
  restore: () => void;
}

/** Decisions on all tags that a filter selects, with their undo and their runs. */
export function useBulkDecisions() {
  const notify = useNotify();
  const [history, setHistory] = useState<readonly BulkDecision[]>([]);
  const [runs, setRuns] = useState<readonly FollowedRun[]>([]);
  const [busy, setBusy] = useState(false);
  const number = useRef(1);
  const takenBack = useRef(new Set<BulkDecision>());
  const follow = useCallback((followed: FollowedRun) => setRuns((before) => [...before, followed]), []);
  const failed = useCallback(
    (error: unknown) => notify({ message: describeError(error).message, severity: "error" }),
    [notify],
  );

  const undo = useCallback(
    async (entry: BulkDecision) => {
      if (takenBack.current.has(entry)) return;
      takenBack.current.add(entry);
      try {
        const outcome = await takeBack(entry.decisions);
        setHistory((before) => before.filter((other) => other !== entry));
        entry.restore();
        if (outcome.run) follow({ verb: "UNDO", label: entry.label, run: outcome.run });
        else notify({ message: t("approvals.done.UNDO", { count: outcome.decided }), severity: "info" });
      } catch (error) {
        takenBack.current.delete(entry);
        failed(error);
      }
    },
    [failed, follow, notify],
  );
  /** Decides; false if the service refused. */
  const decide = useCallback(
    async ({ verb, label, count, selection, after = 0, restore }: BulkRequest): Promise<boolean> => {
      setBusy(true);
      try {
        const outcome = await decideAll(verb, selection);
        const decisions = outcome.run ? { run: outcome.run.id } : { ids: outcome.ids };
        const size = outcome.run ? count : outcome.decided;
        const entry = { number: number.current++, verb, label, count: size, decisions, after, restore };
        setHistory((before) => [...before, entry]);
        if (outcome.run) follow({ verb, label, run: outcome.run });
        else {
          const left = outcome.refused > 0 ? ` ${t("approvals.done.left", { count: outcome.refused })}` : "";
          const message = `${t(`approvals.done.${verb}`, { count: outcome.decided })}: ${label}.${left}`;
          notify({ message, undo: () => void undo(entry) });
        }
        return true;
      } catch (error) {
        failed(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [failed, follow, notify, undo],
  );
  const forget = useCallback((id: string) => setRuns((before) => before.filter(({ run }) => run.id !== id)), []);
  return { decide, undo, history, runs, forget, busy };
}
