import { useCallback, useLayoutEffect, useRef } from "react";

/** Function that stays the same, and does what the latest rendering has it do. */
export function useStable<Args extends unknown[]>(latest: (...args: Args) => unknown): (...args: Args) => void {
  const held = useRef(latest);
  useLayoutEffect(() => {
    held.current = latest;
  });
  return useCallback((...args: Args) => held.current(...args), []);
}
