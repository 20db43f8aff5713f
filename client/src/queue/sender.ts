import {
  EMPTY_OUTBOX,
  enqueue,
  FLUSH_AT,
  isFull,
  returnBatch,
  settleBatch,
  takeBatch,
  unconfirmed,
  type Outbox,
  type OutboxBatch,
  type OutboxEntry,
} from "./outbox.ts";

/** State of the outbox for display. */
export interface SenderState {
  readonly unconfirmed: number;
  readonly isFull: boolean;
  /** Message of the last failure; null while requests get through. */
  readonly failure: string | null;
}

/** Function that sends a batch. A rejected promise means that the batch is to be sent again. */
export type SendBatch = (batch: OutboxBatch, options: { readonly keepalive: boolean }) => Promise<void>;

/** Delay after a decision before its batch leaves. */
export const FLUSH_DELAY_MS = 250;
const RETRY_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000];

/** Sender of an outbox: collects for a moment, sends in batches, and sends again what got no reply. */
export class DecisionSender {
  private outbox: Outbox = EMPTY_OUTBOX;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private state: SenderState = { unconfirmed: 0, isFull: false, failure: null };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly send: SendBatch) {}

  /** Adds operations. False, with nothing added, if the outbox is full; an undo is always taken. */
  add(entries: readonly OutboxEntry[]): boolean {
    const undoes = entries.every((entry) => entry.operation === "UNDO");
    if (isFull(this.outbox) && !undoes) {
      return false;
    }
    this.change(enqueue(this.outbox, entries));
    if (this.failures === 0) {
      if (this.outbox.queue.length >= FLUSH_AT) {
        this.flush();
      } else {
        this.schedule(FLUSH_DELAY_MS);
      }
    }
    return true;
  }

  /** Sends what waits, now. */
  flush(options: { readonly keepalive: boolean } = { keepalive: false }): void {
    this.cancelTimer();
    for (;;) {
      const { outbox, batch } = takeBatch(this.outbox);
      if (batch === undefined) {
        return;
      }
      this.change(outbox);
      void this.transmit(batch, options);
    }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Sends what waits; resolved when all is confirmed, rejected when a request fails. */
  async settled(): Promise<void> {
    this.flush();
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        const { unconfirmed: waiting, failure } = this.state;
        if (waiting > 0 && failure === null) return;
        stop();
        if (failure === null) resolve();
        else reject(new Error(failure));
      };
      const stop = this.subscribe(check);
      check();
    });
  }

  getState = (): SenderState => this.state;

  private async transmit(batch: OutboxBatch, options: { readonly keepalive: boolean }): Promise<void> {
    try {
      await this.send(batch, options);
      this.failures = 0;
      this.change(settleBatch(this.outbox, batch.number), null);
      if (this.outbox.queue.length > 0) {
        this.schedule(FLUSH_DELAY_MS);
      }
    } catch (error) {
      const delay = RETRY_DELAYS_MS[Math.min(this.failures, RETRY_DELAYS_MS.length - 1)] ?? 10_000;
      this.failures += 1;
      this.change(returnBatch(this.outbox, batch.number), error instanceof Error ? error.message : String(error));
      this.schedule(delay);
    }
  }

  private schedule(delay: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, delay);
  }

  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private change(outbox: Outbox, failure: string | null = this.state.failure): void {
    this.outbox = outbox;
    this.state = { unconfirmed: unconfirmed(outbox), isFull: isFull(outbox), failure };
    for (const listener of this.listeners) {
      listener();
    }
  }
}
