import { describe, expect, it } from "vitest";
import { calibrationError, reliabilityPoints, trendDays, wilson } from "./figures.ts";

const tally = (approved: number, decided: number, meanConfidence: number | null = null) => ({
  __typename: "DecisionTally" as const,
  decided,
  approved,
  denied: decided - approved,
  meanConfidence,
  observedRate: null,
  lowerBound: null,
  upperBound: null,
});

const bucket = (from: number, approved: number, decided: number, mean: number) => ({
  __typename: "CalibrationBucket" as const,
  from,
  to: from + 0.05,
  proposed: decided,
  overall: tally(approved, decided, mean),
  single: tally(0, 0),
  bulk: tally(approved, decided, mean),
  audited: tally(0, 0),
});

describe("Wilson's interval", () => {
  it("is that of the literature", () => {
    const [lower, upper] = wilson(8, 10);
    expect(lower).toBeCloseTo(0.4902, 4);
    expect(upper).toBeCloseTo(0.9433, 4);
  });

  it("stays within 0 and 1", () => {
    expect(wilson(0, 1)[0]).toBe(0);
    expect(wilson(50, 50)[1]).toBeCloseTo(1, 12);
  });
});

describe("reliability", () => {
  const keys = [
    {
      __typename: "Calibration" as const,
      tagKey: "team",
      proposed: 3,
      buckets: [bucket(0.9, 9, 10, 0.92), bucket(0.7, 1, 2, 0.72)],
    },
    {
      __typename: "Calibration" as const,
      tagKey: "owner",
      proposed: 3,
      buckets: [bucket(0.9, 10, 30, 0.96), bucket(0.5, 0, 0, 0)],
    },
  ];

  it("sums the keys up by bucket, ascending, without empty ones", () => {
    const points = reliabilityPoints(keys, "overall");
    expect(points.map(({ from, decided, approved }) => [from, decided, approved])).toEqual([
      [0.7, 2, 1],
      [0.9, 40, 19],
    ]);
    expect(points[1]?.meanConfidence).toBeCloseTo(0.95, 10);
    expect(points[1]?.observedRate).toBeCloseTo(0.475, 10);
  });

  it("takes the decisions that are asked for", () => {
    expect(reliabilityPoints(keys, "single")).toEqual([]);
  });

  it("weighs the error by decisions", () => {
    expect(calibrationError(reliabilityPoints(keys, "overall"))).toBeCloseTo((0.22 * 2 + 0.475 * 40) / 42, 10);
  });
});

describe("trend", () => {
  const row = (day: string, tagKey: string, native: number) => ({
    __typename: "CoverageDay" as const,
    day,
    tagKey,
    resources: 10,
    native,
    approved: 1,
    pending: 0,
    contradicted: 0,
    suggested: 0,
    invalid: 0,
    missing: 9 - native,
  });
  const rows = [row("2026-02-02", "team", 4), row("2026-02-01", "team", 2), row("2026-02-02", "owner", 1)];

  it("sums the keys up by day, in order", () => {
    expect(trendDays(rows, undefined).map(({ day, resources, native }) => [day, resources, native])).toEqual([
      ["2026-02-01", 10, 2],
      ["2026-02-02", 20, 5],
    ]);
  });

  it("takes one key", () => {
    expect(trendDays(rows, "owner").map(({ native }) => native)).toEqual([1]);
  });
});
