import type { CalibrationFiguresQuery, CoverageTrendQuery, TallyPartsFragment } from "../../gql/graphql.ts";

/** Wilson's interval of a share, 95 %. */
export function wilson(approved: number, decided: number): [number, number] {
  const z = 1.959964;
  const share = approved / decided;
  const centre = share + z ** 2 / (2 * decided);
  const spread = z * Math.sqrt((share * (1 - share)) / decided + z ** 2 / (4 * decided ** 2));
  const scale = 1 + z ** 2 / decided;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

export type DecisionsOf = "overall" | "single" | "bulk" | "audited";
type Key = CalibrationFiguresQuery["calibration"][number];

/** Point of a reliability diagram: a bucket of stated confidence with decisions. */
export interface ReliabilityPoint {
  from: number;
  to: number;
  decided: number;
  approved: number;
  meanConfidence: number;
  observedRate: number;
  lowerBound: number;
  upperBound: number;
}

/** Points of one key, or of all keys together. */
export function reliabilityPoints(keys: readonly Key[], decisions: DecisionsOf): ReliabilityPoint[] {
  const sums = new Map<
    number,
    { to: number; tally: Pick<TallyPartsFragment, "decided" | "approved">; weight: number }
  >();
  for (const bucket of keys.flatMap((key) => key.buckets)) {
    const tally = bucket[decisions];
    const sum = sums.get(bucket.from) ?? { to: bucket.to, tally: { decided: 0, approved: 0 }, weight: 0 };
    sum.tally.decided += tally.decided;
    sum.tally.approved += tally.approved;
    sum.weight += (tally.meanConfidence ?? 0) * tally.decided;
    sums.set(bucket.from, sum);
  }
  return [...sums]
    .filter(([, { tally }]) => tally.decided > 0)
    .sort(([a], [b]) => a - b)
    .map(([from, { to, tally, weight }]) => {
      const [lowerBound, upperBound] = wilson(tally.approved, tally.decided);
      return {
        from,
        to,
        ...tally,
        meanConfidence: weight / tally.decided,
        observedRate: tally.approved / tally.decided,
        lowerBound,
        upperBound,
      };
    });
}

/** Mean distance of stated confidence and approved share, weighted by decisions. */
export function calibrationError(points: readonly ReliabilityPoint[]): number {
  const decided = points.reduce((sum, point) => sum + point.decided, 0);
  return points.reduce((sum, p) => sum + (Math.abs(p.meanConfidence - p.observedRate) * p.decided) / decided, 0);
}

export const coverageStates = [
  "native",
  "approved",
  "pending",
  "contradicted",
  "suggested",
  "invalid",
  "missing",
] as const;
export type CoverageState = (typeof coverageStates)[number];

/** States of a day. */
export type TrendDay = { day: string; resources: number } & Record<CoverageState, number>;

/** Days in order, the keys summed up. */
export function trendDays(rows: CoverageTrendQuery["coverageHistory"], key: string | undefined): TrendDay[] {
  const days = new Map<string, TrendDay>();
  for (const row of rows) {
    if (key !== undefined && row.tagKey !== key) continue;
    const day = days.get(row.day) ?? {
      day: row.day,
      resources: 0,
      native: 0,
      approved: 0,
      pending: 0,
      contradicted: 0,
      suggested: 0,
      invalid: 0,
      missing: 0,
    };
    day.resources += row.resources;
    for (const state of coverageStates) day[state] += row[state];
    days.set(row.day, day);
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}
