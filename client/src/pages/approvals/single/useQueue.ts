import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useReducer, useState } from "react";
import { t } from "../../../app/i18n.ts";
import { useLive } from "../../../app/live.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { useNotify } from "../../../components/UndoSnackbar.tsx";
import {
  ApprovalChangesDocument,
  type ApprovalChangesSubscription,
  type ApprovalFilter,
  type ApprovalOrder,
  ApprovalPageDocument,
  type ApprovalRowFragment,
} from "../../../gql/graphql.ts";
import {
  cursorIndex,
  emptyTriage,
  type HistoryEntry,
  type RowChange,
  targets,
  triage,
  type Triage,
  type TriageAction,
  type Verb,
} from "../../../queue/triage.ts";
import { PAGE_ROWS, wanted, type Wanted, windowAtEnd, windowRows } from "../../../queue/window.ts";
import { onRefusals, sender } from "../decisions.ts";
import { useStable } from "./useStable.ts";

type Row = ApprovalRowFragment;
type Change = ApprovalChangesSubscription["approvalEvents"]["events"][number]["change"];

/** Milliseconds for which a row that another person decided is shown with who did it. */
const DEPARTURE_MS = 2_000;

const rowLabel = (row: Row) => `${row.tagKey}=${row.tagValue}`;

interface QueueQuery {
  filter: ApprovalFilter | undefined;
  order: ApprovalOrder;
}

/** Queue of single tags: pages as they are needed, decisions at once, changes by others as they come. */
export function useQueue(filter: ApprovalFilter | undefined, order: ApprovalOrder) {
  const { subject, canDecide } = useViewer();
  const notify = useNotify();
  const [state, dispatch] = useReducer(triage<Row>, undefined, () => emptyTriage<Row>());
  const [shown, setShown] = useState({ first: 0, last: 0 });
  const text = JSON.stringify({ filter, order } satisfies QueueQuery);
  const { error, isLoading, restart, setError } = usePages(state, dispatch, text, shown);
  const [readText, setReadText] = useState(text);
  if (readText !== text) {
    setReadText(text);
    setError(undefined);
    dispatch({ type: "reset" });
  }

  useEffect(() => onRefusals((refusals) => dispatch({ type: "refused", refusals })), []);
  useLive(
    ApprovalChangesDocument,
    { filter: filter ?? null },
    {
      next: ({ approvalEvents }) => {
        const changes = approvalEvents.events.flatMap(({ change }) => rowChange(change, windowRows(state.window)));
        if (changes.length > 0) dispatch({ type: "changed", changes, self: subject });
      },
      cursor: ({ approvalEvents }) => approvalEvents.cursor,
      // Changes were missed: the list is read anew.
      refused: () => restart(),
    },
  );
  const { departures, cursor } = state;
  useEffect(() => {
    if (departures.size === 0) return;
    const ids = [...departures.keys()];
    const timer = setTimeout(() => dispatch({ type: "departed", ids }), DEPARTURE_MS);
    return () => clearTimeout(timer);
  }, [departures, cursor]);

  const decide = useStable((verb: Verb, ids: readonly string[] = targets(state), correctedValue?: string) => {
    if (ids.length === 0 || !canDecide) return;
    if (verb !== "SKIP") {
      const taken = sender.add(
        ids.map((id) => ({ id, operation: verb, correctedValue, individually: ids.length === 1 })),
      );
      if (!taken) return notify({ message: t("approvals.outbox.full"), severity: "warning" });
    }
    const row = windowRows(state.window).find((other) => other.id === ids[0]);
    const value = correctedValue === undefined ? "" : ` → ${correctedValue}`;
    dispatch({ type: "decide", verb, ids, label: row ? `${rowLabel(row)}${value}` : "", correctedValue });
  });
  const undo = useStable((number?: number) => {
    const entry = number === undefined ? state.history.at(-1) : state.history.find((other) => other.number === number);
    if (entry === undefined) return;
    if (entry.verb !== "SKIP") sender.add(entry.ids.map((id) => ({ id, operation: "UNDO" })));
    dispatch({ type: "undo", number: entry.number });
  });
  /** Gives a denial a reason: it is taken back and made anew with the reason. */
  const giveReason = useCallback(({ ids, correctedValue }: HistoryEntry<Row>, reason: string) => {
    sender.add(ids.map((id) => ({ id, operation: "UNDO" })));
    const individually = ids.length === 1;
    sender.add(ids.map((id) => ({ id, operation: "DENY", reason, correctedValue, individually })));
  }, []);
  return {
    state,
    dispatch,
    error,
    isLoading,
    restart,
    setShown,
    decide,
    undo,
    giveReason,
  };
}

/** Reads the pages that the window needs, one at a time, until the list is read anew. */
function usePages(
  state: Triage<Row>,
  dispatch: (action: TriageAction<Row>) => void,
  text: string,
  shown: { first: number; last: number },
) {
  const client = useApolloClient();
  const [error, setError] = useState<unknown>();
  const [serial, setSerial] = useState(0);
  const restart = useCallback(
    (total?: number) => {
      setError(undefined);
      setSerial((before) => before + 1);
      dispatch(total === undefined ? { type: "reset" } : { type: "reset", window: windowAtEnd(total) });
    },
    [dispatch],
  );
  const index = Math.max(0, cursorIndex(state));
  const need = wanted(state.window, Math.max(index, shown.last)) ?? wanted(state.window, Math.min(index, shown.first));
  const request = need && error === undefined ? JSON.stringify(need) : "";
  useEffect(() => {
    if (request === "") return;
    let isCurrent = true;
    const { direction, cursor } = JSON.parse(request) as Wanted;
    const place = direction === "after" ? { first: PAGE_ROWS, after: cursor } : { last: PAGE_ROWS, before: cursor };
    const variables = { ...(JSON.parse(text) as QueueQuery), ...place };
    client.query({ query: ApprovalPageDocument, variables, fetchPolicy: "no-cache" }).then(
      ({ data }) => {
        if (!isCurrent || data === undefined) return;
        const { nodes, pageInfo } = data.approvals;
        const more = direction === "after" ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
        const page = { rows: nodes, start: pageInfo.startCursor ?? null, end: pageInfo.endCursor ?? null, more };
        dispatch({ type: "loaded", direction, page });
      },
      (problem: unknown) => {
        if (isCurrent) setError(problem);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [client, dispatch, text, request, serial]);
  return { error, isLoading: request !== "", restart, setError };
}

/** Change of a row. Of a deleted tag the event has no id: its row is found by its resource, key and value. */
function rowChange(change: Change, rows: readonly Row[]): RowChange<Row>[] {
  const { virtualTag, actor, newStatus, resourceId, tagKey, oldValue } = change;
  if (!virtualTag) {
    const gone = rows.filter(
      (row) => row.tagKey === tagKey && row.tagValue === oldValue && row.resource?.resourceId === resourceId,
    );
    return gone.map(({ id }) => ({ id, actor, isWaiting: false, status: "DELETED" }));
  }
  const isWaiting = newStatus === "PENDING";
  return [{ id: virtualTag.id, actor, isWaiting, status: newStatus ?? "SUPERSEDED", row: virtualTag }];
}
