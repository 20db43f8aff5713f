import type { Page } from "@playwright/test";

interface PageTimings {
  largestPaint: number;
  layoutShift: number;
  /** Milliseconds from each slow key to the next paint; quick ones are not reported. */
  keys: number[];
}

/** Shortest time from a key to the next paint that the browser reports. */
const REPORTED_MS = 16;

/** Has the page keep its timings from its beginning on. */
export async function keepTimings(page: Page): Promise<void> {
  await page.addInitScript((reported) => {
    const timings: PageTimings = { largestPaint: 0, layoutShift: 0, keys: [] };
    Object.assign(window, { timings });
    const observe = (options: PerformanceObserverInit, take: (entry: PerformanceEntry) => void) =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ buffered: true, ...options });
    observe({ type: "largest-contentful-paint" }, (entry) => {
      timings.largestPaint = entry.startTime;
    });
    observe({ type: "layout-shift" }, (entry) => {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!hadRecentInput) timings.layoutShift += value;
    });
    observe({ type: "event", durationThreshold: reported } as PerformanceObserverInit, (entry) => {
      if (entry.name === "keydown") timings.keys.push(entry.duration);
    });
  }, REPORTED_MS);
}

export const timings = (page: Page): Promise<PageTimings> =>
  page.evaluate(() => (window as unknown as { timings: PageTimings }).timings);

/** Forgets the keys so far, as those that only led to where the measurement begins. */
export const forgetKeys = (page: Page): Promise<void> =>
  page.evaluate(() => {
    (window as unknown as { timings: PageTimings }).timings.keys = [];
  });

/** Value below which the given share of all values lies; values that were not reported are short. */
export function quantile(values: readonly number[], count: number, share: number): number {
  const short = Array<number>(Math.max(0, count - values.length)).fill(REPORTED_MS);
  const sorted = [...short, ...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
