import { describe, expect, it } from "vitest";
import type { ResourceDetailQuery } from "../../gql/graphql.ts";
import { asNativeTags, readTagLines, writeTagLines } from "./nativeTags.ts";
import { tagRows } from "./tagRows.ts";

type Resource = NonNullable<ResourceDetailQuery["resource"]>;

const tag = (id: string, tagKey: string, approvalStatus: string, confidence: number) =>
  ({ id, tagKey, approvalStatus, confidence }) as Resource["virtualTags"]["nodes"][number];

const resource = {
  nativeTags: { Env: "prd", Team: "shop", zone: "a" },
  effectiveTags: [
    { key: "environment", value: "production", origin: "NATIVE", rawKey: "Env", rawValue: "prd", contradicts: false },
    { key: "owner", value: "ann", origin: "APPROVED", rawKey: null, rawValue: null, contradicts: false },
  ],
  virtualTags: {
    nodes: [
      tag("1", "owner", "DENIED", 0.9),
      tag("2", "owner", "APPROVED", 0.8),
      tag("3", "cost-center", "PENDING", 0.7),
    ],
  },
} as unknown as Resource;

describe("rows of tags", () => {
  const rows = tagRows(resource, ["environment", "team"]);
  it("has governed keys first, and each native tag once", () => {
    expect(rows.map(({ key }) => key)).toEqual(["environment", "team", "cost-center", "owner", "Team", "zone"]);
    expect(rows[0]?.native).toEqual({ rawKey: "Env", rawValue: "prd" });
    expect(rows[1]).toMatchObject({ governed: true, native: null, holds: null });
  });
  it("has the virtual tags of each key, those first that wait or hold", () => {
    expect(rows[3]?.virtual.map(({ id }) => id)).toEqual(["2", "1"]);
    expect(rows[3]?.holds?.value).toBe("ann");
  });
});

describe("lines of tags", () => {
  it("are read back as written", () => {
    const tags = { Env: "prod", url: "a=b", empty: "" };
    expect(readTagLines(writeTagLines(tags))).toEqual({ tags, wrongLines: [] });
  });
  it("names lines without a key", () => {
    expect(readTagLines("a=1\n\nb\n=c")).toEqual({ tags: { a: "1" }, wrongLines: [3, 4] });
  });
  it("takes what is no text as JSON", () => {
    expect(asNativeTags({ a: 1, b: "x" })).toEqual({ a: "1", b: "x" });
    expect(asNativeTags(null)).toEqual({});
  });
});
