import { describe, expect, it } from "vitest";
import { completeCondition, type RuleLanguageParts } from "./celLanguage.ts";

const language: RuleLanguageParts = {
  fields: [
    { name: "resource.name", type: "string", description: "Name." },
    { name: "resource.tags", type: "map<string, string>", description: "Tags in effect." },
  ],
  functions: [
    { name: "startsWith", signature: "string.startsWith(string) -> bool", description: "" },
    { name: "has", signature: "has(resource.native_tags.KEY) -> bool", description: "" },
  ],
  vocabulary: [{ name: "environment", values: [{ name: "production" }, { name: "staging" }] }],
};

const labels = (before: string, explicit = false) =>
  completeCondition(language, before, before.length, explicit)?.options.map(({ label }) => label);

describe("completion of conditions", () => {
  it("offers fields after `resource.`", () => {
    expect(labels("resource.na")).toEqual(["name", "tags"]);
    expect(completeCondition(language, "resource.na", 11, false)?.from).toBe(9);
  });
  it("offers methods after a field", () => {
    expect(labels("resource.name.")).toEqual(["startsWith", "has"]);
  });
  it("offers `resource` at the beginning, and when asked", () => {
    expect(labels("re")).toEqual(["resource", "has"]);
    expect(labels("")).toBeUndefined();
    expect(labels("", true)).toEqual(["resource", "has"]);
  });
  it("offers keys and their values inside of quotes", () => {
    expect(labels("resource.tags['env")).toEqual(["environment"]);
    expect(labels("resource.tags['environment'] == 'pro")).toEqual(["production", "staging"]);
    expect(labels("resource.cloud == '")).toEqual(["aws", "azure", "gcp"]);
  });
  it("offers nothing in other texts", () => {
    expect(labels("resource.name == 'resource.")).toBeUndefined();
  });
});
