import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BATCH_IDS,
  EMPTY_OUTBOX,
  enqueue,
  isFull,
  MAX_FLYING,
  OUTBOX_CAP,
  returnBatch,
  settleBatch,
  takeBatch,
  unconfirmed,
  type Operation,
  type Outbox,
  type OutboxBatch,
  type OutboxEntry,
} from "./outbox.ts";

const entries = (operation: Operation, ...ids: string[]): OutboxEntry[] => ids.map((id) => ({ id, operation }));

function take(outbox: Outbox): { outbox: Outbox; batch: OutboxBatch } {
  const taken = takeBatch(outbox);
  expect(taken.batch).toBeDefined();
  return { outbox: taken.outbox, batch: taken.batch as OutboxBatch };
}

describe("outbox", () => {
  it("sends like operations together, and others apart", () => {
    const outbox = enqueue(EMPTY_OUTBOX, [
      ...entries("APPROVE", "a", "b"),
      { id: "c", operation: "DENY", reason: "wrong" },
      { id: "d", operation: "DENY", correctedValue: "shop" },
      ...entries("APPROVE", "e"),
      { id: "f", operation: "APPROVE", individually: true },
    ]);
    const first = take(outbox);
    expect(first.batch).toMatchObject({ operation: "APPROVE", ids: ["a", "b", "e"] });
    const second = take(first.outbox);
    expect(second.batch).toMatchObject({ operation: "DENY", reason: "wrong", ids: ["c"] });
    const third = take(settleBatch(second.outbox, first.batch.number));
    expect(third.batch).toMatchObject({ operation: "DENY", correctedValue: "shop", ids: ["d"] });
    const fourth = take(settleBatch(third.outbox, second.batch.number));
    expect(fourth.batch).toMatchObject({ operation: "APPROVE", individually: true, ids: ["f"] });
    const again = take(returnBatch(fourth.outbox, fourth.batch.number));
    expect(again.batch).toMatchObject({ individually: true, ids: ["f"] });
  });

  it("removes a decision that is undone before it left, and sends an undo after one that left", () => {
    let outbox = enqueue(EMPTY_OUTBOX, entries("APPROVE", "a", "b"));
    outbox = enqueue(outbox, entries("UNDO", "a"));
    const sent = take(outbox);
    expect(sent.batch.ids).toEqual(["b"]);
    outbox = enqueue(sent.outbox, entries("UNDO", "b"));
    expect(takeBatch(outbox).batch).toBeUndefined();
    const undo = take(settleBatch(outbox, sent.batch.number));
    expect(undo.batch).toMatchObject({ operation: "UNDO", ids: ["b"] });
  });

  it("limits batches and requests under way, and is full at its cap", () => {
    const many = [...Array(BATCH_IDS * 3).keys()].map(String);
    let outbox = enqueue(EMPTY_OUTBOX, entries("APPROVE", ...many));
    expect(isFull(outbox)).toBe(true);
    for (let request = 0; request < MAX_FLYING; request += 1) {
      const sent = take(outbox);
      expect(sent.batch.ids).toHaveLength(BATCH_IDS);
      outbox = sent.outbox;
    }
    expect(takeBatch(outbox).batch).toBeUndefined();
    expect(unconfirmed(outbox)).toBe(many.length);
    expect(isFull(enqueue(EMPTY_OUTBOX, entries("DENY", ...many.slice(0, OUTBOX_CAP - 1))))).toBe(false);
  });

  it("keeps a batch that is settled twice or returned after it was settled out of the queue", () => {
    const sent = take(enqueue(EMPTY_OUTBOX, entries("APPROVE", "a")));
    const settled = settleBatch(sent.outbox, sent.batch.number);
    expect(returnBatch(settled, sent.batch.number)).toBe(settled);
    expect(unconfirmed(settleBatch(settled, sent.batch.number))).toBe(0);
  });

  /** Service that keeps what holds for each tag; an operation may take effect although its reply is lost. */
  it("ends with what was decided last on each tag, whatever gets lost and in whatever order replies arrive", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const step = fc.oneof(
      fc.record({
        type: fc.constant("press" as const),
        id,
        verb: fc.constantFrom("APPROVE" as const, "DENY" as const),
      }),
      fc.record({ type: fc.constant("undo" as const), id }),
      fc.record({ type: fc.constant("send" as const) }),
      fc.record({
        type: fc.constantFrom("confirm" as const, "loseRequest" as const, "loseReply" as const),
        which: fc.nat(1),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const wished = new Map<string, Operation>();
        const stored = new Map<string, Operation>();
        let outbox = EMPTY_OUTBOX;
        const apply = (batch: OutboxBatch) =>
          batch.ids.forEach((each) => {
            const held = stored.get(each) ?? "UNDO";
            // A decided tag takes no other decision: undo comes between.
            expect(batch.operation === "UNDO" || held === "UNDO" || held === batch.operation).toBe(true);
            stored.set(each, batch.operation);
          });
        for (const next of steps) {
          if (next.type === "press" && (wished.get(next.id) ?? "UNDO") === "UNDO") {
            wished.set(next.id, next.verb);
            outbox = enqueue(outbox, entries(next.verb, next.id));
          } else if (next.type === "undo" && (wished.get(next.id) ?? "UNDO") !== "UNDO") {
            wished.set(next.id, "UNDO");
            outbox = enqueue(outbox, entries("UNDO", next.id));
          } else if (next.type === "send") {
            outbox = takeBatch(outbox).outbox;
          } else if ("which" in next) {
            const batch = outbox.flying[next.which];
            if (batch !== undefined) {
              if (next.type !== "loseRequest") {
                apply(batch);
              }
              outbox = next.type === "confirm" ? settleBatch(outbox, batch.number) : returnBatch(outbox, batch.number);
            }
          }
          const flying = outbox.flying.flatMap((batch) => batch.ids);
          expect(new Set(flying).size).toBe(flying.length);
        }
        for (let rounds = 0; unconfirmed(outbox) > 0 && rounds < 100; rounds += 1) {
          outbox = takeBatch(outbox).outbox;
          outbox.flying.forEach((batch) => {
            apply(batch);
            outbox = settleBatch(outbox, batch.number);
          });
        }
        expect(unconfirmed(outbox)).toBe(0);
        wished.forEach((verb, each) => expect(stored.get(each) ?? "UNDO").toBe(verb));
      }),
      { numRuns: 500 },
    );
  });
});
