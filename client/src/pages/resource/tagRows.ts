import type { ResourceDetailQuery, ResourceTagFragment } from "../../gql/graphql.ts";
import { asNativeTags } from "./nativeTags.ts";

type Resource = NonNullable<ResourceDetailQuery["resource"]>;
type EffectiveTag = Resource["effectiveTags"][number];

/** Key of a resource: the native tag about it, its virtual tags, and what holds. */
export interface TagRow {
  key: string;
  native: { rawKey: string; rawValue: string } | null;
  virtual: ResourceTagFragment[];
  holds: EffectiveTag | null;
  governed: boolean;
}

const order: Record<ResourceTagFragment["approvalStatus"], number> = {
  PENDING: 0,
  APPROVED: 1,
  DENIED: 2,
  SUPERSEDED: 3,
};

/** Rows of the table of tags: governed keys first, then the others, each by name. Native tags of no known key stand alone. */
export function tagRows(resource: Resource, governed: readonly string[]): TagRow[] {
  const rows = new Map<string, TagRow>();
  const row = (key: string): TagRow => {
    const found = rows.get(key) ?? { key, native: null, virtual: [], holds: null, governed: governed.includes(key) };
    rows.set(key, found);
    return found;
  };
  governed.forEach(row);
  const left = new Map(Object.entries(asNativeTags(resource.nativeTags)));
  for (const tag of resource.effectiveTags) {
    const target = row(tag.key);
    target.holds = tag;
    if (tag.rawKey == null) continue;
    target.native = { rawKey: tag.rawKey, rawValue: tag.rawValue ?? left.get(tag.rawKey) ?? "" };
    left.delete(tag.rawKey);
  }
  for (const tag of resource.virtualTags.nodes) row(tag.tagKey).virtual.push(tag);
  for (const [rawKey, rawValue] of left) {
    const target = row(rawKey);
    target.native ??= { rawKey, rawValue };
  }
  for (const { virtual } of rows.values()) {
    virtual.sort((a, b) => order[a.approvalStatus] - order[b.approvalStatus] || b.confidence - a.confidence);
  }
  return [...rows.values()].sort((a, b) => Number(b.governed) - Number(a.governed) || a.key.localeCompare(b.key));
}
