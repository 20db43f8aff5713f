import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FLUSH_AT, OUTBOX_CAP, type OutboxBatch } from "./outbox.ts";
import { DecisionSender, FLUSH_DELAY_MS } from "./sender.ts";

describe("decision sender", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("sends what collects within the delay in one request", async () => {
    const batches: OutboxBatch[] = [];
    const sender = new DecisionSender(async (batch) => void batches.push(batch));
    sender.add([{ id: "a", operation: "APPROVE" }]);
    sender.add([{ id: "b", operation: "APPROVE" }]);
    expect(sender.getState().unconfirmed).toBe(2);
    expect(batches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(FLUSH_DELAY_MS);
    expect(batches.map((batch) => batch.ids)).toEqual([["a", "b"]]);
    expect(sender.getState()).toEqual({ unconfirmed: 0, isFull: false, failure: null });
  });

  it("sends at once when a batch is complete", () => {
    const batches: OutboxBatch[] = [];
    const sender = new DecisionSender(async (batch) => void batches.push(batch));
    sender.add([...Array(FLUSH_AT).keys()].map((id) => ({ id: String(id), operation: "DENY" as const })));
    expect(batches).toHaveLength(1);
  });

  it("keeps decisions while requests fail, and sends them when they get through", async () => {
    let works = false;
    const batches: OutboxBatch[] = [];
    const sender = new DecisionSender(async (batch) => {
      if (!works) {
        throw new Error("No connection.");
      }
      batches.push(batch);
    });
    sender.add([{ id: "a", operation: "APPROVE" }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sender.getState()).toEqual({ unconfirmed: 1, isFull: false, failure: "No connection." });
    works = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(batches.map((batch) => batch.ids)).toEqual([["a"]]);
    expect(sender.getState()).toEqual({ unconfirmed: 0, isFull: false, failure: null });
  });

  it("takes no more decisions than its cap, but always an undo, and reports each change", () => {
    const sender = new DecisionSender(() => new Promise(() => undefined));
    const listener = vi.fn();
    const unsubscribe = sender.subscribe(listener);
    sender.add([...Array(OUTBOX_CAP).keys()].map((id) => ({ id: String(id), operation: "APPROVE" as const })));
    expect(sender.getState().isFull).toBe(true);
    expect(sender.add([{ id: "x", operation: "APPROVE" }])).toBe(false);
    expect(sender.add([{ id: "1", operation: "UNDO" }])).toBe(true);
    expect(listener).toHaveBeenCalled();
    unsubscribe();
    const calls = listener.mock.calls.length;
    sender.add([{ id: "2", operation: "UNDO" }]);
    expect(listener).toHaveBeenCalledTimes(calls);
  });

  it("tells when all is saved, and that something is not", async () => {
    let works = true;
    const sender = new DecisionSender(async () => {
      if (!works) throw new Error("No connection.");
    });
    await sender.settled();
    sender.add([{ id: "a", operation: "APPROVE" }]);
    await sender.settled();
    expect(sender.getState().unconfirmed).toBe(0);
    works = false;
    sender.add([{ id: "b", operation: "APPROVE" }]);
    await expect(sender.settled()).rejects.toThrow("No connection.");
    expect(sender.getState().unconfirmed).toBe(1);
  });

  it("sends everything with keepalive when the page goes", () => {
    const options: { keepalive: boolean }[] = [];
    const sender = new DecisionSender(async (_batch, option) => void options.push(option));
    sender.add([{ id: "a", operation: "APPROVE" }]);
    sender.flush({ keepalive: true });
    expect(options).toEqual([{ keepalive: true }]);
  });
});
