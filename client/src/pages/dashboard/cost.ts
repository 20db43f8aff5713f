import type { CostByValueQuery, CostFiguresQuery } from "../../gql/graphql.ts";

type Coverage = CostFiguresQuery["costCoverage"][number];
type Allocation = CostByValueQuery["costAllocation"][number];

/** Currencies of a month, that of the largest total first. */
export function currencies(coverage: readonly Coverage[]): string[] {
  const totals = new Map(coverage.map(({ currency, total }) => [currency, Number(total)]));
  return [...totals].sort(([, one], [, other]) => other - one).map(([currency]) => currency);
}

/** Part of the cost of a month. */
export interface CostPart {
  kind: "value" | "others" | "untagged" | "unallocated";
  /** Value of the tag. */
  value: string;
  amount: number;
  /** Share of the total; of cost below zero, as credits are, 0. */
  share: number;
}

/** Values of an allocation, the largest ones by themselves and the rest together, and what no value holds for. */
export function costParts(allocation: Allocation, shown: number): CostPart[] {
  const total = Number(allocation.total);
  const part = (kind: CostPart["kind"], value: string, amount: number): CostPart => ({
    kind,
    value,
    amount,
    share: total > 0 ? Math.max(0, Math.min(1, amount / total)) : 0,
  });
  const values = allocation.values.slice(0, shown).map(({ value, amount }) => part("value", value, Number(amount)));
  const others = Number(allocation.allocated) - values.reduce((sum, { amount }) => sum + amount, 0);
  const rest = allocation.values.length > shown ? [part("others", "", others)] : [];
  return [
    ...values,
    ...rest,
    part("untagged", "", Number(allocation.untagged)),
    part("unallocated", "", Number(allocation.unallocated)),
  ];
}
