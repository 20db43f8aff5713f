import { client } from "../../app/apollo.ts";
import { describeError } from "../../app/errors.ts";
import { onSignIn } from "../../app/session.ts";
import {
  ApproveTagsDocument,
  DenyTagsDocument,
  MatchingTagsDocument,
  UndoDecisionsDocument,
  type ApprovalFilter,
  type ApproveTagsMutation,
  type RunPartsFragment,
} from "../../gql/graphql.ts";
import type { OutboxBatch } from "../../queue/outbox.ts";
import { DecisionSender } from "../../queue/sender.ts";
import type { RefusedDecision } from "../../queue/triage.ts";

type Payload = Omit<ApproveTagsMutation["approveTags"], "__typename">;
export type DecisionVerb = "APPROVE" | "DENY";

/** All tags that a filter selects but for some, and no more of them than a person was told of. */
export interface BoundedFilter {
  filter: ApprovalFilter;
  exceptIds?: string[];
  expectAtMost?: number;
}
/** Tags to decide: some by their ids, or all that a filter selects. */
type Selection = { ids: string[] } | BoundedFilter;
/** Decisions to take back: some by the ids of their tags, or all of a run. */
export type Decisions = { ids: string[] } | { run: string };

/** Result of one call: a number of decided tags, or the run that decides them. */
export interface Outcome {
  decided: number;
  refused: number;
  /** Ids of the tags that were decided. */
  ids: string[];
  run: RunPartsFragment | null;
}

const refusalListeners = new Set<(refusals: ReadonlyMap<string, RefusedDecision>) => void>();

/** Calls back when the service does not take decisions that were shown as taken. */
export function onRefusals(listener: (refusals: ReadonlyMap<string, RefusedDecision>) => void): () => void {
  refusalListeners.add(listener);
  return () => refusalListeners.delete(listener);
}

/** Sender of single decisions. It outlives pages: leaving a page loses nothing. */
export const sender = new DecisionSender(sendBatch);

async function sendBatch(batch: OutboxBatch, { keepalive }: { readonly keepalive: boolean }): Promise<void> {
  const ids = [...batch.ids];
  try {
    const payload = await call(batch, { ids }, keepalive);
    const refusals = refusalsOf(payload, ids);
    if (batch.operation !== "UNDO") report(refusals);
  } catch (error) {
    const problem = describeError(error);
    // Requests that the service will never take are not repeated.
    if (!["forbidden", "invalid", "missing"].includes(problem.kind)) throw new Error(problem.message, { cause: error });
    report(new Map(ids.map((id) => [id, { message: problem.message, returns: true }])));
  }
}

function report(refusals: ReadonlyMap<string, RefusedDecision>): void {
  if (refusals.size > 0) for (const listener of refusalListeners) listener(refusals);
}

/** Tags of a call that were not decided, each with the reason. */
function refusalsOf(payload: Payload, ids: readonly string[]): ReadonlyMap<string, RefusedDecision> {
  const [first] = payload.userErrors;
  if (first) return new Map(ids.map((id) => [id, { message: first.message, returns: true }]));
  return new Map(
    payload.results.flatMap(({ tagId, userError, tag }) =>
      userError ? [[tagId, { message: userError.message, returns: tag?.approvalStatus === "PENDING" }] as const] : [],
    ),
  );
}

async function call(
  { operation, reason, correctedValue, individually }: Omit<OutboxBatch, "number" | "ids">,
  selection: Selection | Decisions,
  keepalive = false,
): Promise<Payload> {
  const options = { fetchPolicy: "no-cache" as const, context: { fetchOptions: { keepalive } } };
  const input = { ...selection, reason };
  if (operation === "APPROVE") {
    const variables = { input: { ...input, individually } };
    const { data } = await client.mutate({ mutation: ApproveTagsDocument, variables, ...options });
    return present(data?.approveTags);
  }
  if (operation === "DENY") {
    const variables = { input: { ...input, correctedValue, individually } };
    const { data } = await client.mutate({ mutation: DenyTagsDocument, variables, ...options });
    return present(data?.denyTags);
  }
  const { data } = await client.mutate({ mutation: UndoDecisionsDocument, variables: { input }, ...options });
  return present(data?.undoDecisions);
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("The service gave no result.");
  return value;
}

function outcomeOf(payload: Payload): Outcome {
  const [first] = payload.userErrors;
  if (first) throw new Error(first.message);
  const ids = payload.results.flatMap(({ tagId, userError }) => (userError ? [] : [tagId]));
  return { decided: payload.decided, refused: payload.refused, ids, run: payload.run ?? null };
}

/** Decides on all tags that a filter selects, after all single decisions are saved; the service makes a run of many. */
export async function decideAll(verb: DecisionVerb, selection: BoundedFilter): Promise<Outcome> {
  await sender.settled();
  return outcomeOf(await call({ operation: verb }, selection));
}

/** Tags of a filter as they were counted at a moment; `filter` leaves out those that came later. */
export interface MatchingTags {
  filter: ApprovalFilter;
  count: number;
  isEstimate: boolean;
}

/** Counts the tags of a filter, after all single decisions are saved. */
export async function countMatching(filter: ApprovalFilter): Promise<MatchingTags> {
  await sender.settled();
  const { data } = await client.query({ query: MatchingTagsDocument, variables: { filter }, fetchPolicy: "no-cache" });
  const { approvalStats, newest } = present(data);
  const createdAt = newest.nodes[0]?.createdAt;
  return {
    filter: createdAt === undefined ? filter : { ...filter, createdBefore: endOfShown(createdAt) },
    count: approvalStats.pending,
    isEstimate: approvalStats.isEstimate,
  };
}

/** Number of tags that a decision on a counted number of them takes at most: an estimate may be low. */
export function mostOf(count: number, isEstimate: boolean): number {
  return isEstimate ? 2 * count : count;
}

/** End of the time in which the shown tags were proposed: one millisecond after the newest of them. */
export function endOfShown(createdAt: string): string {
  return new Date(new Date(createdAt).getTime() + 1).toISOString();
}

/** Takes decisions back. */
export async function takeBack(decisions: Decisions): Promise<Outcome> {
  return outcomeOf(await call({ operation: "UNDO" }, decisions));
}

window.addEventListener("pagehide", () => sender.flush({ keepalive: true }));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") sender.flush({ keepalive: true });
});
window.addEventListener("beforeunload", (event) => {
  if (sender.getState().failure !== null) event.preventDefault();
});
window.addEventListener("online", () => sender.flush());
onSignIn(() => sender.flush());
