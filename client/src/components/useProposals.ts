import { useEffect, useEffectEvent, useState } from "react";
import { formatNumber } from "../app/format.ts";
import type { FacetSource, FilterOption } from "./facet.ts";

const none: readonly FilterOption[] = [];

/** Values of a facet that begin with a prefix, most frequent first; those shown before, until others are there. */
export function useProposals(
  facet: FacetSource | undefined,
  prefix: string,
  isWanted: boolean,
): readonly FilterOption[] {
  const [options, setOptions] = useState(none);
  const load = useEffectEvent(async (isCurrent: () => boolean) => {
    const list = await facet?.load(prefix).catch(() => undefined);
    if (!list || !isCurrent()) return;
    setOptions(
      list.values.map(({ value, count }) => ({
        value,
        label: value,
        count: `${list.isEstimate ? "~" : ""}${formatNumber(count)}`,
      })),
    );
  });
  const key = isWanted ? facet?.key : undefined;
  useEffect(() => {
    if (key === undefined) return;
    let current = true;
    const timer = setTimeout(() => void load(() => current), prefix === "" ? 0 : 150);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, prefix]);
  return options;
}
