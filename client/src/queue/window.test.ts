import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendPage,
  emptyWindow,
  insertRows,
  prependPage,
  removeRows,
  replaceRows,
  wanted,
  windowAtEnd,
  windowRows,
  type LoadedPage,
  type PageWindow,
  type Wanted,
} from "./window.ts";

interface Row {
  readonly id: string;
  readonly text?: string;
}

/** List of numbers that is paged as the service does: by cursors that stay valid when their row is gone. */
class NumberList {
  constructor(
    private numbers: readonly number[],
    private readonly size: number,
  ) {}

  remove(ids: ReadonlySet<string>): void {
    this.numbers = this.numbers.filter((number) => !ids.has(String(number)));
  }

  ids(): readonly string[] {
    return this.numbers.map(String);
  }

  load(request: Wanted): LoadedPage<Row> {
    const at = request.cursor === null ? null : Number(request.cursor);
    const candidates =
      request.direction === "after"
        ? this.numbers.filter((number) => at === null || number > at)
        : this.numbers.filter((number) => at === null || number < at);
    const rows = request.direction === "after" ? candidates.slice(0, this.size) : candidates.slice(-this.size);
    return {
      rows: rows.map((number) => ({ id: String(number) })),
      start: rows[0]?.toString() ?? null,
      end: rows.at(-1)?.toString() ?? null,
      more: candidates.length > rows.length,
    };
  }
}

function read(window: PageWindow<Row>, list: NumberList, request: Wanted, maxPages: number): PageWindow<Row> {
  const page = list.load(request);
  return request.direction === "after" ? appendPage(window, page, maxPages) : prependPage(window, page, maxPages);
}

const ids = (window: PageWindow<Row>) => windowRows(window).map((row) => row.id);
const MAX_PAGES = 4;

describe("page window", () => {
  it("asks for the first page of nothing, and for the last page at the end", () => {
    expect(wanted(emptyWindow(), 0)).toEqual({ direction: "after", cursor: null });
    expect(wanted(windowAtEnd(10), 0)).toEqual({ direction: "before", cursor: null });
  });

  it("asks for nothing while the reader is far from both ends", () => {
    const list = new NumberList([...Array(1_000).keys()], 100);
    let window = emptyWindow<Row>();
    window = read(window, list, { direction: "after", cursor: null }, 20);
    window = read(window, list, { direction: "after", cursor: "99" }, 20);
    expect(wanted(window, 100)).toBeUndefined();
    expect(wanted(window, 141)).toEqual({ direction: "after", cursor: "199" });
  });

  it("replaces rows in place and inserts rows before an index", () => {
    const list = new NumberList([0, 1, 2, 3, 4, 5], 3);
    let window = read(emptyWindow<Row>(), list, { direction: "after", cursor: null }, 20);
    window = read(window, list, { direction: "after", cursor: "2" }, 20);
    window = replaceRows(window, new Map([["4", { id: "4", text: "new" }]]));
    expect(windowRows(window)[4]).toEqual({ id: "4", text: "new" });
    window = insertRows(window, 4, [{ id: "9" }, { id: "2" }]);
    expect(ids(window)).toEqual(["0", "1", "2", "3", "9", "4", "5"]);
  });

  it("reads every row exactly once from start to end and back, with rows removed meanwhile", () => {
    const scenario = fc.record({
      size: fc.integer({ min: 1, max: 7 }),
      count: fc.integer({ min: 0, max: 80 }),
      removals: fc.array(fc.integer({ min: 0, max: 79 }), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(scenario, ({ size, count, removals }) => {
        const list = new NumberList([...Array(count).keys()], size);
        let window = emptyWindow<Row>();
        const seen = new Set<string>();
        const pending = [...removals];
        while (!window.atEnd) {
          const request = wanted(window, windowRows(window).length, 1);
          expect(request?.direction).toBe("after");
          window = read(window, list, request as Wanted, MAX_PAGES);
          ids(window).forEach((id) => seen.add(id));
          const gone = new Set([String(pending.pop())]);
          list.remove(gone);
          window = removeRows(window, gone);
        }
        list.ids().forEach((id) => expect(seen).toContain(id));
        while (!window.atStart) {
          const request = wanted(window, -1, 0);
          expect(request?.direction).toBe("before");
          window = read(window, list, request as Wanted, MAX_PAGES);
        }
        expect(ids(window)).toEqual(list.ids().slice(0, ids(window).length));
        expect(window.offset).toBe(0);
      }),
    );
  });

  it("holds a contiguous, ordered part of the list without doubles, of bounded size", () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant("read" as const), index: fc.integer({ min: -1, max: 40 }) }),
      fc.record({ type: fc.constant("remove" as const), number: fc.integer({ min: 0, max: 99 }) }),
    );
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        fc.array(step, { maxLength: 80 }),
        (end, size, steps) => {
          const list = new NumberList([...Array(100).keys()], size);
          let window = end ? windowAtEnd<Row>(100) : emptyWindow<Row>();
          for (const next of steps) {
            if (next.type === "remove") {
              const gone = new Set([String(next.number)]);
              list.remove(gone);
              window = removeRows(window, gone);
            } else {
              const request = wanted(window, next.index, 5);
              window = request === undefined ? window : read(window, list, request, MAX_PAGES);
            }
            const shown = ids(window);
            const from = list.ids().indexOf(shown[0] ?? "");
            expect(shown).toEqual(shown.length === 0 ? [] : list.ids().slice(from, from + shown.length));
            expect(window.pages.length).toBeLessThanOrEqual(MAX_PAGES);
          }
        },
      ),
    );
  });
});
