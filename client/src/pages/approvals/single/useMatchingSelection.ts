import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { useNotify } from "../../../components/UndoSnackbar.tsx";
import type { ApprovalFilter } from "../../../gql/graphql.ts";
import { skippedRows } from "../../../queue/triage.ts";
import { windowRows } from "../../../queue/window.ts";
import type { BoundedFilter, DecisionVerb } from "../decisions.ts";
import { useAllMatching } from "../useAllMatching.ts";
import type { useBulkDecisions } from "../useBulkDecisions.ts";
import { matchesFilter } from "../view.ts";
import type { useQueue } from "./useQueue.ts";
import { useStable } from "./useStable.ts";

/** Selection of all tags that match the filter: what was skipped, and what is taken out of it, is left as it is. */
export function useMatchingSelection(
  filter: ApprovalFilter | undefined,
  { state, dispatch, restart }: ReturnType<typeof useQueue>,
  bulk: ReturnType<typeof useBulkDecisions>,
) {
  const { canDecide } = useViewer();
  const notify = useNotify();
  const all = useAllMatching(filter);
  const skipped = skippedRows(state);
  const exceptIds = [...(state.exceptions ?? [])];
  const elsewhere = new Set(skipped.ids);
  const matching = new Set(filter && skipped.rows.filter((row) => matchesFilter(row, filter)).map(({ id }) => id));
  const excepted = exceptIds.filter((id) => !elsewhere.has(id) || matching.has(id)).length;
  const selectMatching = useStable(() => {
    if (canDecide) void all.select(() => dispatch({ type: "selectMatching", except: skipped.ids }));
  });
  /** Selects what is loaded, and when that is selected, all that match. */
  const selectAll = useStable(() => {
    const { length } = windowRows(state.window);
    if (length === 0 || state.selection.size < length) dispatch({ type: "selectAll" });
    else if (filter === undefined) notify({ severity: "info", message: t("approvals.all.filterFirst") });
    else selectMatching();
  });
  const decideMatching = useStable(
    async (verb: DecisionVerb, label: string, count: number, selection: BoundedFilter) => {
      const after = state.nextNumber - 1;
      await bulk.decide({ verb, label, count, selection, after, restore: restart });
      restart();
    },
  );
  return { all, exceptIds, excepted, selectAll, selectMatching, decideMatching };
}
