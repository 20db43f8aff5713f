import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RulePartsFragment } from "../../gql/graphql.ts";
import { emptyRule, fieldOf, formOfRule, inputOfForm, moved, previewOfForm, ruleSchema } from "./form.ts";

describe("form of a rule", () => {
  it("gives back the rule it was made of", () => {
    const rule = {
      ruleName: "a",
      tagKey: "team",
      tagValue: "shop",
      condition: "true",
      confidence: 0.9,
      priority: 7,
      description: "",
      effectiveFrom: "2026-03-29T00:30:00.000Z",
      effectiveTo: null,
      enabled: true,
      corrects: false,
    };
    expect(inputOfForm(formOfRule(rule as unknown as RulePartsFragment))).toEqual(rule);
  });

  it("refuses confidences that are none, and what is missing", () => {
    const issues = ruleSchema.safeParse({ ...emptyRule, confidence: "1.5", priority: "x" }).error?.issues ?? [];
    expect(issues.map(({ path }) => path[0])).toEqual([
      "ruleName",
      "tagKey",
      "tagValue",
      "condition",
      "confidence",
      "priority",
    ]);
    expect(ruleSchema.safeParse({ ...emptyRule, confidence: "" }).success).toBe(false);
  });

  it("previews a condition before the rest is filled in", () => {
    expect(previewOfForm(emptyRule)).toBeNull();
    expect(previewOfForm({ ...emptyRule, condition: "x" })).toMatchObject({ isComplete: false });
    expect(previewOfForm({ ...emptyRule, condition: "x", tagKey: "a", tagValue: "b" })?.isComplete).toBe(true);
  });

  it("finds the field of an error", () => {
    expect(fieldOf({ field: "rule.condition" })).toBe("condition");
    expect(fieldOf({ field: null })).toBe("");
  });
});

describe("order of rules", () => {
  it("moves a rule and keeps the others in order", () => {
    expect(moved(["a", "b", "c"], "c", -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b", "c"], "a", -1)).toEqual(["a", "b", "c"]);
  });
  it("is taken back by the opposite move", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 1 }),
        fc.nat(),
        fc.integer({ min: -3, max: 3 }),
        (ids, seed, by) => {
          const id = ids[seed % ids.length] ?? "";
          const next = moved(ids, id, by);
          expect([...next].sort()).toEqual([...ids].sort());
          if (next.join() !== ids.join()) expect(moved(next, id, -by)).toEqual(ids);
        },
      ),
    );
  });
});
