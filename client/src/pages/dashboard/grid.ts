import type { CoverageGridQuery } from "../../gql/graphql.ts";

export type CoverageBy = "account" | "cloud" | "type";
export type CoverageCell = CoverageGridQuery["coverage"][number];

export interface CoverageGroup {
  name: string;
  resources: number;
  cells: Map<string, CoverageCell>;
}

export const groupLimit = 50;

const nameOf = { account: "accountId", cloud: "cloud", type: "resourceType" } as const;

/** Groups by size with a cell for each key; the keys in the order of their names. */
export function coverageGrid(
  rows: readonly CoverageCell[],
  by: CoverageBy,
): { keys: string[]; groups: CoverageGroup[] } {
  const groups = new Map<string, CoverageGroup>();
  const keys = new Set<string>();
  for (const row of rows) {
    const name = row[nameOf[by]];
    if (!name || !row.tagKey) continue;
    const group = groups.get(name) ?? { name, resources: 0, cells: new Map() };
    group.cells.set(row.tagKey, row);
    group.resources = Math.max(group.resources, row.resources);
    groups.set(name, group);
    keys.add(row.tagKey);
  }
  const bySize = [...groups.values()].sort((a, b) => b.resources - a.resources || (a.name < b.name ? -1 : 1));
  return { keys: [...keys].sort(), groups: bySize };
}

/** Address of the resources that lack a key in a group. */
export function lackingAddress(by: CoverageBy, group: string, key: string): string {
  const filter = by === "account" ? "accountId" : by === "cloud" ? "cloud" : "resourceType";
  return `/resources?${new URLSearchParams({ lacksTagKey: key, [filter]: group })}`;
}
