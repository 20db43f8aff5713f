/**
 * Triage of a list, row by row: a cursor, a selection, decisions that take effect at once and can all be taken back, and
 * changes that others make meanwhile. The reducer is pure; requests and timers are outside.
 */
import {
  appendPage,
  emptyWindow,
  insertRows,
  prependPage,
  removeRows,
  replaceRows,
  windowRows,
  type Identified,
  type LoadedPage,
  type PageWindow,
} from "./window.ts";

export type Verb = "APPROVE" | "DENY" | "SKIP";

/** Decision of this session, on one row or on several. */
export interface HistoryEntry<Row extends Identified> {
  readonly number: number;
  readonly verb: Verb;
  readonly ids: readonly string[];
  /** Rows as they were; none for old entries, whose rows return with the next page. */
  readonly rows: readonly Row[];
  readonly label: string;
  readonly correctedValue?: string | undefined;
  /** Messages of the service about rows that it did not decide. */
  readonly refusals: readonly string[];
}

/** Decision of another person on a row that is still shown. */
export interface Departure {
  readonly actor: string;
  readonly status: string;
}

/** Change of a row by anybody, as the service reports it. */
export interface RowChange<Row extends Identified> {
  readonly id: string;
  readonly actor: string;
  /** True if the row waits for a decision after the change. */
  readonly isWaiting: boolean;
  readonly status: string;
  readonly row?: Row | undefined;
}

export interface Triage<Row extends Identified> {
  readonly window: PageWindow<Row>;
  /** Id of the row that keys act on. */
  readonly cursor: string | null;
  /** Row from which a selection extends. */
  readonly anchor: string | null;
  readonly selection: ReadonlySet<string>;
  /** Ids that are left out while all rows that match are selected, also those that are not loaded; else null. */
  readonly exceptions: ReadonlySet<string> | null;
  /** Ids that are decided or skipped here: pages that are read again do not show them. */
  readonly hidden: ReadonlySet<string>;
  /** Ids of rows that came after the list was read. */
  readonly fresh: ReadonlySet<string>;
  readonly departures: ReadonlyMap<string, Departure>;
  readonly history: readonly HistoryEntry<Row>[];
  readonly nextNumber: number;
}

export type TriageAction<Row extends Identified> =
  | { readonly type: "reset"; readonly window?: PageWindow<Row> }
  | { readonly type: "loaded"; readonly direction: "after" | "before"; readonly page: LoadedPage<Row> }
  | { readonly type: "move"; readonly by: number; readonly extend?: boolean }
  | { readonly type: "point"; readonly id: string; readonly extend?: boolean; readonly toggle?: boolean }
  | { readonly type: "toggle" }
  | { readonly type: "selectAll" }
  | { readonly type: "selectMatching"; readonly except: readonly string[] }
  | { readonly type: "clearSelection" }
  | {
      readonly type: "decide";
      readonly verb: Verb;
      readonly ids: readonly string[];
      readonly label: string;
      readonly correctedValue?: string | undefined;
    }
  | { readonly type: "undo"; readonly number: number }
  | { readonly type: "refused"; readonly refusals: ReadonlyMap<string, RefusedDecision> }
  | { readonly type: "changed"; readonly changes: readonly RowChange<Row>[]; readonly self: string }
  | { readonly type: "departed"; readonly ids: readonly string[] };

/** Reply of the service about a row that it did not decide; `returns` if the row still waits. */
export interface RefusedDecision {
  readonly message: string;
  readonly returns: boolean;
}

/** Number of history entries that keep their rows. */
const ENTRIES_WITH_ROWS = 100;
/** Number of hidden ids that are kept: more than rows can be on their way. */
const HIDDEN_IDS = 5_000;

export function emptyTriage<Row extends Identified>(window: PageWindow<Row> = emptyWindow()): Triage<Row> {
  return {
    window,
    cursor: null,
    anchor: null,
    selection: new Set(),
    exceptions: null,
    hidden: new Set(),
    fresh: new Set(),
    departures: new Map(),
    history: [],
    nextNumber: 1,
  };
}

export function triage<Row extends Identified>(state: Triage<Row>, action: TriageAction<Row>): Triage<Row> {
  switch (action.type) {
    case "reset":
      return {
        ...emptyTriage(action.window),
        hidden: state.hidden,
        history: state.history,
        nextNumber: state.nextNumber,
      };
    case "loaded":
      return loaded(state, action.direction, action.page);
    case "move":
      return moved(state, action.by, action.extend ?? false);
    case "point":
      return pointed(state, action);
    case "toggle":
      return state.cursor === null ? state : pointed(state, { id: state.cursor, toggle: true });
    case "selectAll":
      return { ...state, selection: new Set(windowRows(state.window).map((row) => row.id)), exceptions: null };
    case "selectMatching":
      return { ...state, selection: new Set(), exceptions: new Set(action.except) };
    case "clearSelection":
      return { ...state, selection: new Set(), exceptions: null, anchor: state.cursor };
    case "decide":
      return decided(state, action);
    case "undo":
      return undone(state, action.number);
    case "refused":
      return refused(state, action.refusals);
    case "changed":
      return changed(state, action.changes, action.self);
    case "departed":
      return departed(state, new Set(action.ids));
  }
}

/** Index of the cursor in the window's rows; -1 without a cursor. */
export function cursorIndex<Row extends Identified>(state: Triage<Row>): number {
  return windowRows(state.window).findIndex((row) => row.id === state.cursor);
}

export function cursorRow<Row extends Identified>(state: Triage<Row>): Row | undefined {
  return windowRows(state.window)[cursorIndex(state)];
}

export function isSelected<Row extends Identified>(state: Triage<Row>, id: string): boolean {
  return state.exceptions === null ? state.selection.has(id) : !state.exceptions.has(id);
}

/** Rows that were skipped here: they wait, though they are not shown. Of old entries only the ids are known. */
export function skippedRows<Row extends Identified>(
  state: Triage<Row>,
): { ids: readonly string[]; rows: readonly Row[] } {
  const entries = state.history.filter((entry) => entry.verb === "SKIP");
  return { ids: entries.flatMap((entry) => entry.ids), rows: entries.flatMap((entry) => entry.rows) };
}

/**
 * Ids that a key decides: the selection, else the row at the cursor; never rows that another person decided. None while
 * all that match are selected: those are decided by their filter.
 */
export function targets<Row extends Identified>(state: Triage<Row>): readonly string[] {
  if (state.exceptions !== null) {
    return [];
  }
  const ids = state.selection.size > 0 ? [...state.selection] : state.cursor === null ? [] : [state.cursor];
  return ids.filter((id) => !state.departures.has(id));
}

function loaded<Row extends Identified>(
  state: Triage<Row>,
  direction: "after" | "before",
  page: LoadedPage<Row>,
): Triage<Row> {
  const visible = { ...page, rows: page.rows.filter((row) => !state.hidden.has(row.id)) };
  const window = direction === "after" ? appendPage(state.window, visible) : prependPage(state.window, visible);
  const rows = windowRows(window);
  const present = new Set(rows.map((row) => row.id));
  const cursor =
    state.cursor !== null && present.has(state.cursor)
      ? state.cursor
      : ((direction === "after" ? rows[0] : rows.at(-1))?.id ?? null);
  return {
    ...state,
    window,
    cursor,
    selection: within(state.selection, present),
    fresh: new Set([...state.fresh].filter((id) => !present.has(id))),
  };
}

function moved<Row extends Identified>(state: Triage<Row>, by: number, extend: boolean): Triage<Row> {
  const rows = windowRows(state.window);
  if (rows.length === 0) {
    return state;
  }
  const index = Math.max(0, Math.min(rows.length - 1, cursorIndex(state) + by));
  const id = rows[index]?.id ?? null;
  return id === null ? state : pointed(state, { id, extend });
}

function pointed<Row extends Identified>(
  state: Triage<Row>,
  target: { readonly id: string; readonly extend?: boolean; readonly toggle?: boolean },
): Triage<Row> {
  if (target.extend === true && state.exceptions === null) {
    const rows = windowRows(state.window);
    const anchor = state.anchor ?? state.cursor ?? target.id;
    const ends = [anchor, target.id].map((id) => rows.findIndex((row) => row.id === id));
    const from = Math.max(0, Math.min(...ends));
    const range = rows.slice(from, Math.max(...ends) + 1).map((row) => row.id);
    return { ...state, cursor: target.id, anchor, selection: new Set([...state.selection, ...range]) };
  }
  if (target.toggle === true) {
    const at = { cursor: target.id, anchor: target.id };
    return state.exceptions === null
      ? { ...state, ...at, selection: toggled(state.selection, target.id) }
      : { ...state, ...at, exceptions: toggled(state.exceptions, target.id) };
  }
  return { ...state, cursor: target.id, anchor: state.selection.size > 0 ? state.anchor : target.id };
}

function decided<Row extends Identified>(
  state: Triage<Row>,
  decision: Omit<HistoryEntry<Row>, "number" | "rows" | "refusals">,
): Triage<Row> {
  const gone = new Set(decision.ids);
  const rows = windowRows(state.window).filter((row) => gone.has(row.id));
  if (gone.size === 0) {
    return state;
  }
  const { verb, ids, label, correctedValue } = decision;
  const entry = { number: state.nextNumber, verb, ids, rows, label, correctedValue, refusals: [] };
  return {
    ...without(state, gone),
    hidden: limited(new Set([...state.hidden, ...gone])),
    history: keepRows([...state.history, entry]),
    nextNumber: state.nextNumber + 1,
  };
}

/** State after an entry of the history is taken back: its rows stand at the cursor, which is on the first of them. */
function undone<Row extends Identified>(state: Triage<Row>, number: number): Triage<Row> {
  const entry = state.history.find((other) => other.number === number);
  if (entry === undefined) {
    return state;
  }
  const hidden = new Set(state.hidden);
  for (const id of entry.ids) {
    hidden.delete(id);
  }
  const window = insertRows(state.window, Math.max(0, cursorIndex(state)), entry.rows);
  const cursor = entry.rows[0]?.id ?? state.cursor;
  return {
    ...state,
    window,
    hidden,
    cursor,
    anchor: cursor,
    history: state.history.filter((other) => other !== entry),
  };
}

function refused<Row extends Identified>(
  state: Triage<Row>,
  refusals: ReadonlyMap<string, RefusedDecision>,
): Triage<Row> {
  const hidden = new Set(state.hidden);
  const returning: Row[] = [];
  const history = state.history.map((entry) => {
    const concerned = entry.ids.filter((id) => refusals.has(id));
    if (concerned.length === 0) {
      return entry;
    }
    const back = new Set(concerned.filter((id) => refusals.get(id)?.returns === true));
    back.forEach((id) => hidden.delete(id));
    returning.push(...entry.rows.filter((row) => back.has(row.id)));
    const messages = concerned.flatMap((id) => refusals.get(id)?.message ?? []);
    return { ...withoutIds(entry, new Set(concerned)), refusals: [...new Set([...entry.refusals, ...messages])] };
  });
  const window = insertRows(state.window, Math.max(0, cursorIndex(state)), returning);
  return { ...state, window, hidden, history };
}

function changed<Row extends Identified>(
  state: Triage<Row>,
  changes: readonly RowChange<Row>[],
  self: string,
): Triage<Row> {
  const present = new Set(windowRows(state.window).map((row) => row.id));
  const newer = new Map<string, Row>();
  const departures = new Map(state.departures);
  const fresh = new Set(state.fresh);
  for (const change of changes) {
    if (state.hidden.has(change.id) && change.actor === self) {
      continue;
    }
    if (!change.isWaiting) {
      fresh.delete(change.id);
      if (present.has(change.id)) {
        departures.set(change.id, { actor: change.actor, status: change.status });
      }
    } else if (present.has(change.id)) {
      departures.delete(change.id);
      if (change.row !== undefined) {
        newer.set(change.id, change.row);
      }
    } else if (!state.hidden.has(change.id)) {
      fresh.add(change.id);
    }
  }
  const decided = new Set(changes.filter(({ isWaiting }) => !isWaiting).map(({ id }) => id));
  const hidden = new Set(state.hidden);
  const history = state.history.map((entry) => {
    if (entry.verb !== "SKIP") return entry;
    entry.ids.filter((id) => decided.has(id)).forEach((id) => hidden.delete(id));
    return withoutIds(entry, decided);
  });
  return { ...state, window: replaceRows(state.window, newer), hidden, departures, fresh, history };
}

/** Entry of the history without some of its rows. */
function withoutIds<Row extends Identified>(entry: HistoryEntry<Row>, gone: ReadonlySet<string>): HistoryEntry<Row> {
  return entry.ids.some((id) => gone.has(id))
    ? {
        ...entry,
        ids: entry.ids.filter((id) => !gone.has(id)),
        rows: entry.rows.filter((row) => !gone.has(row.id)),
      }
    : entry;
}

/** State without rows that others decided; the row at the cursor stays until the cursor moves. */
function departed<Row extends Identified>(state: Triage<Row>, ids: ReadonlySet<string>): Triage<Row> {
  const gone = new Set([...ids].filter((id) => state.departures.has(id) && id !== state.cursor));
  return gone.size === 0 ? state : without(state, gone);
}

/** State without rows: the cursor goes to the next row that stays, else to the last one. */
function without<Row extends Identified>(state: Triage<Row>, gone: ReadonlySet<string>): Triage<Row> {
  const rows = windowRows(state.window);
  const index = cursorIndex(state);
  const next =
    state.cursor !== null && !gone.has(state.cursor)
      ? state.cursor
      : ((rows.slice(Math.max(0, index)).find((row) => !gone.has(row.id)) ?? rows.findLast((row) => !gone.has(row.id)))
          ?.id ?? null);
  return {
    ...state,
    window: removeRows(state.window, gone),
    cursor: next,
    anchor: state.anchor !== null && gone.has(state.anchor) ? next : state.anchor,
    selection: new Set([...state.selection].filter((id) => !gone.has(id))),
    departures: new Map([...state.departures].filter(([id]) => !gone.has(id))),
  };
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const changed = new Set(ids);
  if (!changed.delete(id)) {
    changed.add(id);
  }
  return changed;
}

function within(ids: ReadonlySet<string>, present: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...ids].filter((id) => present.has(id)));
}

function limited(ids: Set<string>): Set<string> {
  return ids.size <= HIDDEN_IDS ? ids : new Set([...ids].slice(ids.size - HIDDEN_IDS));
}

function keepRows<Row extends Identified>(history: readonly HistoryEntry<Row>[]): readonly HistoryEntry<Row>[] {
  const old = history.at(-ENTRIES_WITH_ROWS - 1);
  return old === undefined || old.rows.length === 0
    ? history
    : history.map((entry) => (entry === old ? { ...entry, rows: [] } : entry));
}
