import { lazy } from "react";

const whenIdle = (start: () => void) => {
  if ("requestIdleCallback" in window) window.requestIdleCallback(start, { timeout: 10_000 });
  else setTimeout(start, 2_000);
};

/**
 * Component that the page does not start with, as a dialog. It is loaded when it is first shown, or before that when the
 * browser has nothing to do: then it opens at once, and also while the service is away.
 */
export const later: typeof lazy = (load) => {
  whenIdle(() => void load().catch(() => undefined));
  return lazy(load);
};
