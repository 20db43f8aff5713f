import { describe, expect, it } from "vitest";
import { toForm, toInput, vocabularyFormSchema } from "./vocabularyForm.ts";

const key = {
  __typename: "VocabularyKey" as const,
  id: "k",
  name: "team",
  description: "Team",
  governed: true,
  required: false,
  open: true,
  pattern: null,
  approval: "REQUIRED" as const,
  autoApplyThreshold: 0.95,
  manualReviewThreshold: null,
  synonyms: ["squad", "crew"],
  customized: [],
  isShipped: true,
  version: 3,
};

describe("form of a key", () => {
  it("sends nothing but name and version when nothing was changed", () => {
    expect(toInput(key, toForm(key))).toEqual({ name: "team", version: 3 });
  });

  it("sends what was changed; an empty threshold is the service's", () => {
    const form = { ...toForm(key), autoApply: " ", review: "0.8", synonyms: "squad\n\n tribe ", governed: false };
    expect(toInput(key, form)).toEqual({
      name: "team",
      version: 3,
      autoApplyThreshold: null,
      manualReviewThreshold: 0.8,
      synonyms: ["squad", "tribe"],
      governed: false,
    });
  });

  it("refuses thresholds out of range and out of order", () => {
    const refused = (change: object) => !vocabularyFormSchema.safeParse({ ...toForm(key), ...change }).success;
    expect(refused({ review: "1.2" })).toBe(true);
    expect(refused({ review: "-0.1" })).toBe(true);
    expect(refused({ review: "high" })).toBe(true);
    expect(refused({ review: "0.96" })).toBe(true);
    expect(refused({ review: ".95" })).toBe(false);
    expect(refused({ review: "", autoApply: "" })).toBe(false);
  });
});
