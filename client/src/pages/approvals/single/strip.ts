import type { ApprovalRowFragment } from "../../../gql/graphql.ts";
import type { HistoryEntry } from "../../../queue/triage.ts";
import type { StripEntry } from "../HistoryStrip.tsx";
import type { BulkDecision } from "../useBulkDecisions.ts";

/** Decisions on single tags and on all that matched a filter, in the order in which they were made. */
export function stripEntries(
  singles: readonly HistoryEntry<ApprovalRowFragment>[],
  bulk: readonly BulkDecision[],
  undo: { single: (number: number) => void; bulk: (entry: BulkDecision) => void },
): StripEntry[] {
  const placed = [
    ...singles.map((entry) => ({
      place: entry.number,
      entry: { ...entry, id: `${entry.number}`, count: entry.ids.length, onUndo: () => undo.single(entry.number) },
    })),
    ...bulk.map((entry) => ({
      place: entry.after + 0.5,
      entry: { ...entry, id: `all${entry.number}`, refusals: [], onUndo: () => undo.bulk(entry) },
    })),
  ];
  return placed.sort((one, other) => one.place - other.place).map(({ entry }) => entry);
}

/** Denial of single tags that no decision follows: the one that can be given a reason. */
export function lastDenial(
  singles: readonly HistoryEntry<ApprovalRowFragment>[],
  bulk: readonly BulkDecision[],
): HistoryEntry<ApprovalRowFragment> | undefined {
  const last = singles.at(-1);
  return last?.verb === "DENY" && bulk.every(({ after }) => after < last.number) ? last : undefined;
}
