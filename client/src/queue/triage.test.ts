import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cursorIndex,
  cursorRow,
  emptyTriage,
  isSelected,
  skippedRows,
  targets,
  triage,
  type Triage,
  type TriageAction,
} from "./triage.ts";
import { windowAtEnd, windowRows } from "./window.ts";

interface Row {
  readonly id: string;
  readonly text?: string;
}
type State = Triage<Row>;
type Action = TriageAction<Row>;

const page = (from: number, count: number, more = true): Extract<Action, { type: "loaded" }> => ({
  type: "loaded",
  direction: "after",
  page: {
    rows: [...Array(count).keys()].map((index) => ({ id: String(from + index) })),
    start: String(from),
    end: String(from + count - 1),
    more,
  },
});
const run = (...actions: Action[]): State =>
  actions.reduce<State>((state, action) => triage(state, action), emptyTriage());
const ids = (state: State) => windowRows(state.window).map((row) => row.id);
const decide = (...decided: string[]): Action => ({ type: "decide", verb: "APPROVE", ids: decided, label: "x" });

describe("triage", () => {
  it("starts at the first row, moves within the list, and starts at the last row of the end", () => {
    const state = run(page(0, 5));
    expect(state.cursor).toBe("0");
    expect(triage(state, { type: "move", by: 2 }).cursor).toBe("2");
    expect(triage(state, { type: "move", by: -1 }).cursor).toBe("0");
    expect(triage(state, { type: "move", by: 99 }).cursor).toBe("4");
    const end = emptyTriage<Row>(windowAtEnd(10));
    expect(triage(end, { ...page(5, 5, true), direction: "before" }).cursor).toBe("9");
    expect(cursorRow(run())).toBeUndefined();
    expect(triage(run(), { type: "move", by: 1 })).toEqual(run());
  });

  it("removes decided rows at once and goes on to the next row, or to the last", () => {
    const state = run(page(0, 5), { type: "move", by: 1 }, decide("1"));
    expect(ids(state)).toEqual(["0", "2", "3", "4"]);
    expect(state.cursor).toBe("2");
    expect(triage(triage(state, { type: "move", by: 9 }), decide("4")).cursor).toBe("3");
    expect(triage(state, decide())).toBe(state);
  });

  it("does not show decided rows when their page is read again, until they are undone", () => {
    const state = run(page(0, 3), decide("0", "1"), { type: "reset" }, page(0, 3));
    expect(ids(state)).toEqual(["2"]);
    const undone = triage(state, { type: "undo", number: 1 });
    expect(ids(undone)).toEqual(["0", "1", "2"]);
    expect(undone.cursor).toBe("0");
    expect(undone.history).toEqual([]);
    expect(triage(undone, { type: "undo", number: 7 })).toBe(undone);
  });

  it("selects by toggling, by extending, and all that is loaded", () => {
    let state = run(page(0, 6), { type: "point", id: "1", toggle: true }, { type: "move", by: 2, extend: true });
    expect([...state.selection]).toEqual(["1", "2", "3"]);
    expect(targets(state)).toEqual(["1", "2", "3"]);
    state = triage(state, { type: "point", id: "2", toggle: true });
    expect([...state.selection]).toEqual(["1", "3"]);
    state = triage(state, decide("1", "3"));
    expect(state.selection.size).toBe(0);
    state = triage(state, { type: "toggle" });
    expect([...state.selection]).toEqual([state.cursor]);
    expect(triage(run(), { type: "toggle" }).selection.size).toBe(0);
    state = triage(state, { type: "selectAll" });
    expect(state.selection.size).toBe(4);
    state = triage(state, { type: "clearSelection" });
    expect(targets(state)).toEqual(["2"]);
    expect(targets(run())).toEqual([]);
  });

  it("selects all that match, also rows that are loaded later, but for those that are taken out", () => {
    let state = run(page(0, 3), { type: "selectAll" }, { type: "selectMatching", except: ["9"] });
    expect(state.selection.size).toBe(0);
    expect(targets(state)).toEqual([]);
    state = triage(state, { type: "point", id: "1", toggle: true });
    state = triage(state, { type: "move", by: 1, extend: true });
    state = triage(state, page(3, 3));
    expect(ids(state).filter((id) => isSelected(state, id))).toEqual(["0", "2", "3", "4", "5"]);
    expect([...(state.exceptions ?? [])]).toEqual(["9", "1"]);
    state = triage(state, { type: "point", id: "1", toggle: true });
    expect(isSelected(state, "1")).toBe(true);
    expect(triage(state, { type: "reset" }).exceptions).toBeNull();
    expect(triage(state, { type: "clearSelection" }).exceptions).toBeNull();
    expect(isSelected(triage(state, { type: "selectAll" }), "9")).toBe(false);
  });

  it("knows what was skipped, which still waits", () => {
    const state = run(page(0, 4), decide("0"), { type: "decide", verb: "SKIP", ids: ["1", "2"], label: "x" });
    expect(skippedRows(state)).toEqual({ ids: ["1", "2"], rows: [{ id: "1" }, { id: "2" }] });
    expect(skippedRows(triage(state, { type: "undo", number: 2 })).ids).toEqual([]);
    const byAnn = (isWaiting: boolean, status: string): TriageAction<Row> => ({
      type: "changed",
      changes: [{ id: "2", actor: "ann", isWaiting, status }],
      self: "me",
    });
    const approved = triage(state, byAnn(false, "APPROVED"));
    expect(skippedRows(approved)).toEqual({ ids: ["1"], rows: [{ id: "1" }] });
    expect(triage(approved, byAnn(true, "PENDING")).fresh).toEqual(new Set(["2"]));
  });

  it("brings refused rows back that still wait, with the reason in the history", () => {
    const state = run(page(0, 3), decide("0", "1"), {
      type: "refused",
      refusals: new Map([
        ["0", { message: "Changed since.", returns: true }],
        ["1", { message: "Approved by ann.", returns: false }],
      ]),
    });
    expect(ids(state)).toEqual(["0", "2"]);
    expect(state.history[0]).toMatchObject({ ids: [], refusals: ["Changed since.", "Approved by ann."] });
  });

  it("marks rows that others decide, which leave except at the cursor, and counts new rows", () => {
    const changes = [
      { id: "0", actor: "ann", isWaiting: false, status: "APPROVED" },
      { id: "1", actor: "ann", isWaiting: false, status: "DENIED" },
      { id: "2", actor: "engine", isWaiting: true, status: "PENDING", row: { id: "2", text: "new" } },
      { id: "9", actor: "engine", isWaiting: true, status: "PENDING" },
    ];
    let state = run(page(0, 3), { type: "changed", changes, self: "me" });
    expect(state.departures.get("1")).toEqual({ actor: "ann", status: "DENIED" });
    expect([...state.fresh]).toEqual(["9"]);
    expect(targets(state)).toEqual([]);
    state = triage(state, { type: "departed", ids: ["0", "1"] });
    expect(ids(state)).toEqual(["0", "2"]);
    expect(windowRows(state.window)[1]).toEqual({ id: "2", text: "new" });
    state = triage(state, { type: "move", by: 1 });
    state = triage(state, { type: "departed", ids: ["0", "7"] });
    expect(ids(state)).toEqual(["2"]);
    state = triage(state, {
      type: "changed",
      self: "me",
      changes: [{ id: "9", actor: "bob", isWaiting: false, status: "APPROVED" }],
    });
    expect(state.fresh.size).toBe(0);
  });

  it("ignores the echo of own decisions, and of own undoes of rows that are back", () => {
    const state = run(page(0, 3), decide("0"));
    const echo = (actor: string, isWaiting: boolean): Action => ({
      type: "changed",
      self: "me",
      changes: [{ id: "0", actor, isWaiting, status: isWaiting ? "PENDING" : "APPROVED" }],
    });
    expect(triage(state, echo("me", false)).departures.size).toBe(0);
    const undone = triage(state, { type: "undo", number: 1 });
    expect(triage(undone, echo("me", true)).fresh.size).toBe(0);
  });

  it("keeps the rows of recent entries only, and of all entries the ids", () => {
    const decisions = [...Array(150).keys()].map((id) => decide(String(id)));
    const state = run(page(0, 200), ...decisions);
    expect(state.history).toHaveLength(150);
    expect(state.history[0]).toMatchObject({ ids: ["0"], rows: [] });
    expect(state.history[149]?.rows).toHaveLength(1);
  });

  it("has its cursor on a shown row, no row twice, and gives every row back when all is undone", () => {
    const step = fc.oneof<fc.Arbitrary<Action>[]>(
      fc.record({ type: fc.constant("move" as const), by: fc.integer({ min: -5, max: 5 }), extend: fc.boolean() }),
      fc.record({
        type: fc.constant("point" as const),
        id: fc.integer({ min: 0, max: 29 }).map(String),
        toggle: fc.boolean(),
      }),
      fc.constant({ type: "selectAll" }),
      fc.constant({ type: "selectMatching", except: [] }),
      fc.constant({ type: "clearSelection" }),
    );
    const press = fc.constantFrom("decide" as const, "undo" as const, "reload" as const);
    fc.assert(
      fc.property(fc.array(fc.oneof(step, press), { maxLength: 60 }), (steps) => {
        let state = run(page(0, 30, false));
        for (const next of steps) {
          if (next === "decide") {
            state = triage(state, decide(...targets(state)));
          } else if (next === "undo") {
            state = triage(state, { type: "undo", number: state.history.at(-1)?.number ?? 0 });
          } else if (next === "reload") {
            state = triage(triage(state, { type: "reset" }), page(0, 30, false));
          } else if (next.type !== "point" || ids(state).includes(next.id)) {
            state = triage(state, next);
          }
          const shown = ids(state);
          expect(new Set(shown).size).toBe(shown.length);
          expect(cursorIndex(state) >= 0).toBe(shown.length > 0);
          state.selection.forEach((id) => expect(shown).toContain(id));
          expect(shown.length + state.hidden.size).toBe(30);
        }
        for (const entry of [...state.history].reverse()) {
          state = triage(state, { type: "undo", number: entry.number });
        }
        expect(new Set(ids(state)).size).toBe(30);
      }),
    );
  });
});
