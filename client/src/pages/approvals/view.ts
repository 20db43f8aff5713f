import type { ApprovalFilter, RuleSuggestionFilter, TagAuditFilter } from "../../gql/graphql.ts";
import { choice, share, text, urlCodec, type View } from "../../url/codec.ts";

export const SOURCES = [
  "CSV",
  "INHERITED",
  "MANUAL",
  "MODEL",
  "NATIVE",
  "NEIGHBOUR",
  "PATTERN",
  "RULE",
  "TYPE",
] as const;
export const CLOUDS = ["AWS", "AZURE", "GCP"] as const;
export const KINDS = ["AUTO_APPLIED", "CONTRADICTION", "SUGGESTION"] as const;
export const ORDERS = ["CONFIDENCE_DESC", "CONFIDENCE_ASC", "AGE", "NEWEST"] as const;
export const GROUP_ORDERS = ["IMPACT", "SUREST", "OLDEST", "NAME"] as const;

const fields = {
  key: text,
  value: text,
  source: choice(SOURCES),
  cloud: choice(CLOUDS),
  account: text,
  type: text,
  kind: choice(KINDS),
  confidence: share,
  signature: text,
  order: choice(ORDERS),
  groups: choice(GROUP_ORDERS),
  status: choice(["APPROVED", "DENIED"]),
  actor: text,
};

/** Codec of the filters and orders of the Approvals pages in the address. */
export const approvalsCodec = urlCodec(fields);
export type ApprovalsView = View<typeof fields>;

/** Filter of the queue; undefined without conditions. */
export function queueFilter(view: ApprovalsView): ApprovalFilter | undefined {
  return given({
    tagKey: view.key,
    tagValue: view.value,
    source: view.source,
    cloud: view.cloud,
    accountId: view.account,
    resourceType: view.type,
    kind: view.kind,
    minConfidence: view.confidence,
    evidenceSignature: view.signature,
  });
}

export function suggestionFilter(view: ApprovalsView): RuleSuggestionFilter | undefined {
  return given({ tagKey: view.key, accountId: view.account });
}

/** Filter of the audit trail for decisions: approvals, unless denials are asked for. */
export function decidedFilter(view: ApprovalsView): TagAuditFilter {
  return { action: view.status ?? "APPROVED", ...given({ tagKey: view.key, actor: view.actor }) };
}

/** Object without the properties that are not set; undefined if none is. */
function given<T extends object>(conditions: T): T | undefined {
  const set = Object.entries(conditions).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : (Object.fromEntries(set) as T);
}
