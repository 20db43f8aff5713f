import { describe, expect, it } from "vitest";
import { emptyToken, tokenFormSchema, toTokenInput } from "./tokenForm.ts";

describe("form of a new token", () => {
  it("needs a purpose", () => {
    expect(tokenFormSchema.safeParse(emptyToken).success).toBe(false);
    expect(tokenFormSchema.safeParse({ ...emptyToken, name: "  " }).success).toBe(false);
    expect(tokenFormSchema.safeParse({ ...emptyToken, name: "exports" }).success).toBe(true);
    expect(tokenFormSchema.safeParse({ ...emptyToken, name: "x".repeat(101) }).success).toBe(false);
  });

  it("ends after the days, and is of all accounts unless some are given", () => {
    const now = Date.UTC(2026, 0, 1);
    expect(toTokenInput({ ...emptyToken, name: " exports ", days: "30" }, now)).toEqual({
      name: "exports",
      role: "VIEWER",
      expiresAt: "2026-01-31T00:00:00.000Z",
    });
    expect(toTokenInput({ ...emptyToken, name: "x", accounts: "1, 2\n3" }, now).accounts).toEqual(["1", "2", "3"]);
  });
});
