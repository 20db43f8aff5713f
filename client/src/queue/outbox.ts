/**
 * Outbox of decisions that the service has not confirmed. Decisions take effect on the screen at once and leave in
 * batches. Operations on one tag leave in the order in which they were made, one at a time; resending a batch is safe,
 * since the service takes a repeated decision as one.
 */

export type Operation = "APPROVE" | "DENY" | "UNDO";

/** Operation on one tag. */
export interface OutboxEntry {
  readonly id: string;
  readonly operation: Operation;
  /** Reason, stored in the audit trail. */
  readonly reason?: string | undefined;
  /** Value to approve in place of the denied one. */
  readonly correctedValue?: string | undefined;
  /** True if the tag was decided on its own, not as one of a selection: calibration tells them apart. */
  readonly individually?: boolean | undefined;
  /** True if the operation left before without a reply: it may have taken effect. */
  readonly mayHold?: boolean;
}

/** Operations that leave in one request: the same operation, made in the same way, on different tags. */
export interface OutboxBatch extends Omit<OutboxEntry, "id" | "mayHold"> {
  readonly number: number;
  readonly ids: readonly string[];
}

export interface Outbox {
  readonly queue: readonly OutboxEntry[];
  readonly flying: readonly OutboxBatch[];
  readonly nextNumber: number;
}

/** Number of waiting operations at which a batch leaves without further delay. */
export const FLUSH_AT = 50;
/** Greatest number of tags in one request: decisions up to this number are made at once. */
export const BATCH_IDS = 500;
/** Number of unconfirmed operations from which no further ones are taken. */
export const OUTBOX_CAP = 500;
/** Greatest number of requests under way. */
export const MAX_FLYING = 2;

export const EMPTY_OUTBOX: Outbox = { queue: [], flying: [], nextNumber: 1 };

/** Number of operations that the service has not confirmed. */
export function unconfirmed(outbox: Outbox): number {
  return outbox.flying.reduce((sum, batch) => sum + batch.ids.length, outbox.queue.length);
}

export function isFull(outbox: Outbox): boolean {
  return unconfirmed(outbox) >= OUTBOX_CAP;
}

/**
 * Outbox with operations added. An undo of a decision that has not left removes the decision, and neither is sent.
 */
export function enqueue(outbox: Outbox, entries: readonly OutboxEntry[]): Outbox {
  const queue: OutboxEntry[] = [...outbox.queue];
  for (const entry of entries) {
    const position = entry.operation === "UNDO" ? lastOf(queue, entry.id) : -1;
    const last = queue[position];
    if (last === undefined || (last.operation !== "UNDO" && last.mayHold === true)) {
      queue.push(entry);
    } else if (last.operation !== "UNDO") {
      queue.splice(position, 1);
    }
  }
  return { ...outbox, queue };
}

/** Next batch to send and the outbox with the batch under way; no batch if nothing may leave. */
export function takeBatch(outbox: Outbox): { outbox: Outbox; batch: OutboxBatch | undefined } {
  const held = new Set(outbox.flying.flatMap((batch) => batch.ids));
  const ids: string[] = [];
  const rest: OutboxEntry[] = [];
  let kind: OutboxEntry | undefined;
  if (outbox.flying.length >= MAX_FLYING) {
    return { outbox, batch: undefined };
  }
  for (const entry of outbox.queue) {
    const free = !held.has(entry.id) && ids.length < BATCH_IDS;
    if (free && (kind === undefined || isAlike(kind, entry))) {
      kind ??= entry;
      ids.push(entry.id);
    } else {
      rest.push(entry);
    }
    held.add(entry.id);
  }
  if (kind === undefined) {
    return { outbox, batch: undefined };
  }
  const batch = {
    number: outbox.nextNumber,
    operation: kind.operation,
    reason: kind.reason,
    correctedValue: kind.correctedValue,
    individually: kind.individually,
    ids,
  };
  return {
    outbox: { queue: rest, flying: [...outbox.flying, batch], nextNumber: outbox.nextNumber + 1 },
    batch,
  };
}

/** Outbox after the service has confirmed or refused a batch. */
export function settleBatch(outbox: Outbox, number: number): Outbox {
  return { ...outbox, flying: outbox.flying.filter((batch) => batch.number !== number) };
}

/** Outbox after a batch got no reply: its operations wait again, before all others. */
export function returnBatch(outbox: Outbox, number: number): Outbox {
  const batch = outbox.flying.find((other) => other.number === number);
  if (batch === undefined) {
    return outbox;
  }
  const { operation, reason, correctedValue, individually } = batch;
  const entries = batch.ids.map((id) => ({ id, operation, reason, correctedValue, individually, mayHold: true }));
  return settleBatch({ ...outbox, queue: [...entries, ...outbox.queue] }, number);
}

function lastOf(queue: readonly OutboxEntry[], id: string): number {
  return queue.findLastIndex((entry) => entry.id === id);
}

function isAlike(one: OutboxEntry, other: OutboxEntry): boolean {
  return (
    one.operation === other.operation &&
    one.reason === other.reason &&
    one.correctedValue === other.correctedValue &&
    one.individually === other.individually
  );
}
