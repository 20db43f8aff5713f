import { describe, expect, it } from "vitest";
import { costParts, currencies } from "./cost.ts";

const allocation = {
  __typename: "CostAllocation" as const,
  month: "2024-09",
  currency: "USD",
  isComplete: true,
  total: "100",
  allocated: "60",
  untagged: "45",
  unallocated: "-5",
  allocatedShare: 0.6,
  values: [
    { __typename: "AllocatedValue" as const, value: "search", amount: "30", resources: 3 },
    { __typename: "AllocatedValue" as const, value: "payments", amount: "20", resources: 2 },
    { __typename: "AllocatedValue" as const, value: "labels", amount: "10", resources: 1 },
  ],
};

describe("cost of a month", () => {
  it("has the largest values by themselves, the rest together, and adds up to the total", () => {
    const parts = costParts(allocation, 1);
    expect(parts.map(({ kind, amount }) => [kind, amount])).toEqual([
      ["value", 30],
      ["others", 30],
      ["untagged", 45],
      ["unallocated", -5],
    ]);
    expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBe(100);
    expect(parts.map(({ share }) => share)).toEqual([0.3, 0.3, 0.45, 0]);
  });

  it("needs no rest if all values are shown, and no share of nothing", () => {
    expect(costParts(allocation, 3).map(({ kind }) => kind)).not.toContain("others");
    expect(costParts({ ...allocation, total: "0" }, 3).every(({ share }) => share === 0)).toBe(true);
  });

  it("has the currency of the largest total first", () => {
    const row = (currency: string, total: string) => ({ currency, total }) as Parameters<typeof currencies>[0][number];
    expect(currencies([row("EUR", "9"), row("USD", "10"), row("EUR", "9")])).toEqual(["USD", "EUR"]);
  });
});
