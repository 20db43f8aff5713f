import type {
  ApprovalFilter,
  ApprovalRowFragment,
  RuleSuggestionFilter,
  TagAuditFilter,
  VirtualTagFilter,
} from "../../gql/graphql.ts";
import { formatEnum, formatPercent } from "../../app/format.ts";
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
export const GROUP_ORDERS = ["IMPACT", "COST", "SUREST", "OLDEST", "NAME"] as const;

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

/** Filter of the queue in a few words. */
export function filterLabel({ tagKey, tagValue, ...filter }: ApprovalFilter): string {
  const words = [
    tagKey && tagValue ? `${tagKey}=${tagValue}` : (tagKey ?? tagValue),
    filter.cloud,
    filter.accountId,
    filter.resourceType,
    filter.source && formatEnum(filter.source),
    filter.kind && formatEnum(filter.kind),
    filter.minConfidence && `≥ ${formatPercent(filter.minConfidence)}`,
  ].filter(Boolean);
  return words.length > 0 ? words.join(", ") : (filter.evidenceSignature ?? "");
}

/** True if a pending tag is among those that the filter of the queue selects. */
export function matchesFilter(row: ApprovalRowFragment, filter: ApprovalFilter): boolean {
  const own: ApprovalFilter = {
    tagKey: row.tagKey,
    tagValue: row.tagValue,
    source: row.source,
    kind: row.kind,
    evidenceSignature: row.evidenceSignature,
    cloud: row.resource?.cloud,
    accountId: row.resource?.accountId,
    resourceType: row.resource?.resourceType,
  };
  const { minConfidence, ...equal } = filter;
  return (
    Object.entries(equal).every(([name, value]) => own[name as keyof ApprovalFilter] === value) &&
    row.confidence >= (minConfidence ?? 0)
  );
}

/** Filter of a file of tags: those that wait, or those that were decided. */
export function exportFilter(view: ApprovalsView, tab: "decided" | "queue"): VirtualTagFilter {
  return tab === "decided"
    ? { status: view.status ?? "APPROVED", ...given({ tagKey: view.key }) }
    : { status: "PENDING", ...queueFilter(view) };
}

/** Object without the properties that are not set; undefined if none is. */
function given<T extends object>(conditions: T): T | undefined {
  const set = Object.entries(conditions).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : (Object.fromEntries(set) as T);
}
