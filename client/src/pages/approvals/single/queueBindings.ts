import { t } from "../../../app/i18n.ts";
import type { KeyBinding } from "../../../keys/dispatcher.ts";
import type { TriageAction, Verb } from "../../../queue/triage.ts";
import type { ApprovalRowFragment } from "../../../gql/graphql.ts";

/** Actions of the queue that keys start. */
export interface QueueActions {
  dispatch: (action: TriageAction<ApprovalRowFragment>) => void;
  decide: (verb: Verb) => void;
  undo: () => void;
  giveReason: (reason: string) => void;
  refresh: () => void;
  toEnd: () => void;
  correct: () => void;
  detail: () => void;
  open: () => void;
  selectAll: () => void;
}

export const REASONS = [1, 2, 3, 4] as const;

/** Key map of the queue: one key for each action, none with a modifier but for extending. */
export function queueBindings(actions: QueueActions): KeyBinding[] {
  const { dispatch, decide } = actions;
  const move = (by: number, extend = false) => dispatch({ type: "move", by, extend });
  return [
    { id: "next", keys: "j", label: t("approvals.key.next"), run: () => move(1) },
    { id: "previous", keys: "k", label: t("approvals.key.previous"), run: () => move(-1) },
    { id: "approve", keys: "a", label: t("approvals.approve"), run: () => decide("APPROVE") },
    { id: "deny", keys: "d", label: t("approvals.deny"), run: () => decide("DENY") },
    { id: "skip", keys: "s", label: t("approvals.skip"), run: () => decide("SKIP") },
    { id: "undo", keys: "u", label: t("approvals.undo"), run: () => actions.undo() },
    { id: "correct", keys: "c", label: t("approvals.correct"), run: () => actions.correct() },
    { id: "select", keys: "x", label: t("approvals.key.select"), run: () => dispatch({ type: "toggle" }) },
    { id: "extendDown", keys: "Shift+j", label: t("approvals.key.extendDown"), run: () => move(1, true) },
    { id: "extendUp", keys: "Shift+k", label: t("approvals.key.extendUp"), run: () => move(-1, true) },
    { id: "selectAll", keys: "*", label: t("approvals.key.selectAll"), run: () => actions.selectAll() },
    { id: "clear", keys: "Escape", label: t("approvals.key.clear"), run: () => dispatch({ type: "clearSelection" }) },
    { id: "detail", keys: "e", label: t("approvals.key.detail"), run: () => actions.detail() },
    { id: "open", keys: "o", label: t("approvals.single.resource"), run: () => actions.open() },
    { id: "refresh", keys: "r", label: t("approvals.key.refresh"), run: () => actions.refresh() },
    { id: "last", keys: "Shift+g", label: t("approvals.key.last"), run: () => actions.toEnd() },
    { id: "first", keys: "Home", label: t("approvals.key.first"), run: () => actions.refresh() },
    ...REASONS.map((reason) => ({
      id: `reason${reason}`,
      keys: String(reason),
      label: t(`approvals.single.reason.${reason}`),
      run: () => actions.giveReason(t(`approvals.single.reason.${reason}`)),
    })),
  ];
}
