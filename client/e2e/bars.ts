// Measures the client on a real service with a long queue, and prints each figure beside its bar.
import { type Browser, type BrowserContext, type Page } from "@playwright/test";
import { company } from "./support/company.ts";
import { pages } from "./support/pages.ts";
import { Service } from "./support/service.ts";
import { axe, expect, loaded, PageMonitor, serveBundle, test as base } from "./support/test.ts";
import { keepTimings, quantile, timings } from "./support/timings.ts";

const resources = Number(process.env.BARS_RESOURCES ?? 10_500);
const seconds = Number(process.env.BARS_SECONDS ?? 30);
const PRESS_EVERY_MS = 100;

const rows: { name: string; figure: number; bar: number; unit: string; isLeast?: boolean }[] = [];
const bar = (name: string, figure: number, most: number, unit = "") => rows.push({ name, figure, bar: most, unit });
const least = (name: string, figure: number, bar: number, unit = "") =>
  rows.push({ name, figure, bar, unit, isLeast: true });

const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({}, company(resources));
      await service.start();
      await service.settled();
      await service.learn();
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 900_000 },
  ],
});
test.describe.configure({ mode: "serial" });

/** Visits a page with nothing in the cache. */
async function cold<T>(browser: Browser, address: string, visit: (page: Page, context: BrowserContext) => Promise<T>) {
  const context = await browser.newContext({ baseURL: address, viewport: { width: 1400, height: 900 } });
  await serveBundle(context);
  const page = await context.newPage();
  await keepTimings(page);
  const result = await visit(page, context);
  await context.close();
  return result;
}

const currentRow = (page: Page) => page.locator("[role=row][data-current]");

async function pending(service: Service): Promise<number> {
  const { approvalStats } = await service.query<{ approvalStats: { pending: number } }>(
    "{ approvalStats { pending } }",
  );
  return approvalStats.pending;
}

test("first paint, and the list of a long queue", async ({ browser, service }) => {
  least("tags in the queue", await pending(service), 20_000);
  for (const path of ["/", "/approvals"]) {
    await cold(browser, service.address, async (page) => {
      await page.goto(path);
      await loaded(page);
      const { largestPaint, layoutShift } = await timings(page);
      bar(`largest paint of ${path}`, largestPaint / 1000, 1.5, "s");
      bar(`layout shift of ${path}`, layoutShift, 0.02);
    });
  }
  await cold(browser, service.address, async (page) => {
    await page.goto("/approvals/single");
    await currentRow(page).waitFor();
    const first = await currentRow(page).getAttribute("id");
    await page.keyboard.press("j");
    await expect(currentRow(page)).not.toHaveAttribute("id", first ?? "");
    bar("a key moves in the list after", (await page.evaluate(() => performance.now())) / 1000, 1.5, "s");
  });
});

test("decisions by keyboard", async ({ browser, service }) => {
  const before = await pending(service);
  await cold(browser, service.address, async (page) => {
    await page.goto("/approvals/single");
    await currentRow(page).waitFor();
    const presses = (seconds * 1000) / PRESS_EVERY_MS;
    const start = Date.now();
    for (let press = 0; press < presses; press++) {
      await page.keyboard.press(press % 5 === 4 ? "d" : "a");
      // The next press has its time, however long this one took.
      await page.waitForTimeout(Math.max(0, start + (press + 1) * PRESS_EVERY_MS - Date.now()));
    }
    const minutes = (Date.now() - start) / 60_000;
    await expect.poll(() => pending(service), { timeout: 30_000 }).toBe(before - presses);
    least("decisions a minute by keyboard, all saved", Math.round(presses / minutes), 590);
    const { keys } = await timings(page);
    bar("key to next paint, 95 of 100", quantile(keys, presses, 0.95), 50, "ms");
    bar("key to next paint, 99 of 100", quantile(keys, presses, 0.99), 100, "ms");
  });
  const { tagAudit } = await service.query<{ tagAudit: { nodes: { virtualTag: { id: string } }[] } }>(
    "{ tagAudit(first: 100, filter: { action: APPROVED }) { nodes { virtualTag { id } } } }",
  );
  const ids = tagAudit.nodes.map(({ virtualTag }) => virtualTag.id);
  bar("tags decided twice, of the last 100", ids.length - new Set(ids).size, 0);
});

test("memory of a long list", async ({ browser, service }) => {
  await cold(browser, service.address, async (page, context) => {
    await page.goto("/approvals/single");
    await currentRow(page).waitFor();
    const session = await context.newCDPSession(page);
    const heap = async () => {
      await session.send("HeapProfiler.collectGarbage");
      return (await session.send("Runtime.getHeapUsage")).usedSize / 1_000_000;
    };
    const start = await heap();
    const grid = page.getByRole("grid", { name: "Tags that wait for a decision" });
    await grid.focus();
    for (let press = 0; press < 1_000; press++) await page.keyboard.press("PageDown");
    bar("heap after 10,000 rows, more than before", (await heap()) - start, 30, "MB");
    bar("nodes in the page", await page.evaluate(() => document.querySelectorAll("*").length), 1_500);
  });
});

test("a decision is seen in another browser", async ({ browser, service }) => {
  const delays: number[] = [];
  await cold(browser, service.address, async (page) => {
    await page.goto("/approvals/single");
    await currentRow(page).waitFor();
    await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true }).first()).toBeVisible();
    const ids = await page.evaluate(() =>
      [...document.querySelectorAll("[role=row][aria-rowindex]")].map((row) => row.id.replace(/^.*?(?=Vmly)/, "")),
    );
    for (const id of ids.slice(1, 11)) {
      const seen = page.locator(`[id$="${id}"]`).getByText(/approved by/);
      const start = Date.now();
      await service.query("mutation ($ids: [ID!]) { approveTags(input: { ids: $ids }) { decided } }", { ids: [id] });
      await seen.waitFor();
      delays.push(Date.now() - start);
    }
  });
  bar("decision seen by others, 95 of 100", quantile(delays, delays.length, 0.95), 300, "ms");
});

test("faults of all pages", async ({ browser, service }) => {
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    for (const path of pages) {
      await cold(browser, service.address, async (page) => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const monitor = new PageMonitor(page);
        await page.goto(path);
        await loaded(page);
        await expect(page.getByRole("button", { name: /^Approve \d+ tags?/, disabled: true })).toHaveCount(0);
        const violations = await axe(page);
        if (violations.length > 0) bar(`axe: violations of ${path}, ${colorScheme}`, violations.length, 0);
        faults.push(...monitor.faults(), ...violations.map((violation) => `axe: ${violation}`));
      });
    }
  }
  const of = (kind: RegExp) => faults.filter((fault) => kind.test(fault)).length;
  bar(`axe: violations of ${pages.length} pages, light and dark`, of(/^axe/), 0);
  bar("messages in the console", of(/^(console|error)/), 0);
  bar("requests to other hosts", of(/^foreign/), 0);
});

test.afterAll(() => {
  for (const { name, figure, bar: limit, unit, isLeast } of rows) {
    const isKept = isLeast ? figure >= limit : figure <= limit;
    const shown = Number.isInteger(figure) ? String(figure) : figure.toFixed(2);
    const bound = `${isLeast ? "at least" : "at most"} ${limit} ${unit}`;
    console.log(
      `${isKept ? "ok  " : "OVER"} ${name.padEnd(46)} ${shown.padStart(8)} ${unit.padEnd(2)} (${bound.trim()})`,
    );
  }
});
