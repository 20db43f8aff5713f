import type { Browser, BrowserContext, Page } from "@playwright/test";
import { company } from "./company.ts";
import { Service } from "./service.ts";
import { serveBundle, test as base } from "./test.ts";
import { keepTimings } from "./timings.ts";

const resources = Number(process.env.BARS_RESOURCES ?? 52_000);

function print(isKept: boolean, name: string, figure: number, bound: string, unit: string): void {
  const shown = Number.isInteger(figure) ? String(figure) : figure.toFixed(2);
  console.log(
    `${isKept ? "ok  " : "OVER"} ${name.padEnd(50)} ${shown.padStart(8)} ${unit.padEnd(2)} (${bound} ${unit})`,
  );
}

/** Prints a figure beside the most that it may be. */
export const bar = (name: string, figure: number, most: number, unit = "") =>
  print(figure <= most, name, figure, `at most ${most}`, unit);

/** Prints a figure beside the least that it may be. */
export const least = (name: string, figure: number, bar: number, unit = "") =>
  print(figure >= bar, name, figure, `at least ${bar}`, unit);

/** Service with a long queue, made once for all files. */
export const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({}, company(resources));
      await service.start();
      await service.settled({}, 900);
      await service.learn(900);
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 1_800_000 },
  ],
});

/** Visits a page with nothing in the cache. */
export async function cold<T>(
  browser: Browser,
  address: string,
  visit: (page: Page, context: BrowserContext) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ baseURL: address, viewport: { width: 1400, height: 900 } });
  await serveBundle(context);
  const page = await context.newPage();
  await keepTimings(page);
  const result = await visit(page, context);
  await context.close();
  return result;
}

/** Row of a queue or list that keys act on. */
export const currentRow = (page: Page) => page.locator("[role=row][data-current]");

/** Id of the tag in the current row. */
export const currentTag = (page: Page) =>
  page.evaluate(() => document.querySelector("[role=row][data-current]")?.id.replace(/^.*?(?=Vmly)/, "") ?? "");

/** Position of the current row in the whole list, from 1. */
export const currentPosition = (page: Page) =>
  page.evaluate(() => Number(document.querySelector("[role=row][data-current]")?.getAttribute("aria-rowindex") ?? 0));

/** Opens the queue of single tags, and waits until keys act on it and changes reach it. */
export async function openQueue(page: Page): Promise<void> {
  await page.goto("/approvals/single");
  await currentRow(page).waitFor();
  await page.getByRole("img", { name: "Live" }).filter({ visible: true }).first().waitFor();
}

/** Number of tags that wait. */
export async function pending(service: Service): Promise<number> {
  const { virtualTags } = await service.query<{ virtualTags: { totalCount: number } }>(
    "{ virtualTags(first: 1, filter: { status: PENDING }) { totalCount } }",
  );
  return virtualTags.totalCount;
}

/** Presses keys at an even pace, however long each takes; `before` sees the page ahead of each. */
export async function pressEvery(
  page: Page,
  milliseconds: number,
  keys: readonly string[],
  before: () => Promise<void> = async () => undefined,
): Promise<number> {
  const start = Date.now();
  for (const [index, key] of keys.entries()) {
    await before();
    await page.keyboard.press(key);
    // The next press has its time, however long this one took.
    await page.waitForTimeout(Math.max(0, start + (index + 1) * milliseconds - Date.now()));
  }
  return Date.now() - start;
}
