import { describe, expect, it } from "vitest";
import { coverageGrid, lackingAddress } from "./grid.ts";

const cell = (accountId: string, tagKey: string, resources: number) => ({
  __typename: "Coverage" as const,
  tagKey,
  resources,
  accountId,
  cloud: null,
  resourceType: null,
  coveredShare: 0.5,
  native: 0,
  approved: 0,
  pending: 0,
  contradicted: 0,
  suggested: 0,
  invalid: 0,
  missing: 0,
});

describe("grid of coverage", () => {
  it("has the largest groups first, and a cell for each key that is asked for", () => {
    const { keys, groups } = coverageGrid(
      [cell("1", "team", 5), cell("2", "team", 9), cell("2", "owner", 7)],
      "account",
    );
    expect(keys).toEqual(["owner", "team"]);
    expect(groups.map(({ name, resources, cells }) => [name, resources, cells.size])).toEqual([
      ["2", 9, 2],
      ["1", 5, 1],
    ]);
  });

  it("leads to the resources that lack the key", () => {
    expect(lackingAddress("type", "rds/db instance", "team")).toBe(
      "/resources?lacksTagKey=team&resourceType=rds%2Fdb+instance",
    );
  });
});
