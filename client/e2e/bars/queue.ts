import type { Page } from "@playwright/test";
import type { Service } from "../support/service.ts";
import {
  bar,
  cold,
  currentPosition,
  currentRow,
  currentTag,
  least,
  openQueue,
  pending,
  pressEvery,
  test,
} from "../support/bars.ts";
import { expect } from "../support/test.ts";
import { forgetKeys, quantile, timings } from "../support/timings.ts";

const seconds = Number(process.env.BARS_SECONDS ?? 120);
const PRESS_EVERY_MS = 100;

/** Rows of the list that are in its view and show nothing. */
const blankRows = (page: Page) =>
  page.getByRole("grid", { name: "Tags that wait for a decision" }).evaluate(async (grid) => {
    // What a person sees is what is painted: two frames after the key it must be there.
    for (let frame = 0; frame < 2; frame++) await new Promise((painted) => requestAnimationFrame(painted));
    const rows = [...grid.querySelectorAll("[role=row]")].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return bottom > grid.getBoundingClientRect().top && top < grid.getBoundingClientRect().bottom;
    });
    return Math.max(0, Math.floor(grid.clientHeight / 44) - rows.length);
  });

async function audited(service: Service): Promise<number> {
  const counts = await Promise.all(
    ["APPROVED", "DENIED"].map(async (action) => {
      const { tagAudit } = await service.query<{ tagAudit: { totalCount: number } }>(
        "query ($filter: TagAuditFilter) { tagAudit(first: 1, filter: $filter) { totalCount } }",
        { filter: { action } },
      );
      return tagAudit.totalCount;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

test("a long list", async ({ browser, service }) => {
  const total = Math.min(100_000, await pending(service));
  await cold(browser, service.address, async (page, context) => {
    await openQueue(page);
    const session = await context.newCDPSession(page);
    const heap = async () => {
      await session.send("HeapProfiler.collectGarbage");
      return (await session.send("Runtime.getHeapUsage")).usedSize / 1_000_000;
    };
    const start = await heap();
    await page.getByRole("grid", { name: "Tags that wait for a decision" }).focus();
    let [position, presses, blank] = [0, 0, 0];
    while (position < total - 100 && presses < total) {
      await page.keyboard.press("PageDown");
      presses += 1;
      if (presses % 50 === 0) [position, blank] = [await currentPosition(page), blank + (await blankRows(page))];
    }
    least("rows scrolled through", position, total - 100);
    bar("blank rows in view, at 1 of 50 positions", blank, 0);
    bar("heap after them, more than before", (await heap()) - start, 30, "MB");
    bar("nodes in the page", await page.evaluate(() => document.querySelectorAll("*").length), 1_500);
    await forgetKeys(page);
    const mix = Array.from({ length: 60 }, () => ["k", "j", "j", "a", "d", "u", "u"]).flat();
    await pressEvery(page, PRESS_EVERY_MS, mix);
    const { keys } = await timings(page);
    bar("key to next paint there, 95 of 100", quantile(keys, mix.length, 0.95), 50, "ms");
    bar("key to next paint there, 99 of 100", quantile(keys, mix.length, 0.99), 100, "ms");
    await page.keyboard.press("Shift+g");
    await expect.poll(() => currentPosition(page)).toBeGreaterThan(total - 200);
    bar("blank rows in view at the end, by key G", await blankRows(page), 0);
  });
});

test("decisions by keyboard", async ({ browser, service }) => {
  const [waiting, before] = [await pending(service), await audited(service)];
  await cold(browser, service.address, async (page) => {
    await openQueue(page);
    const presses = (seconds * 1000) / PRESS_EVERY_MS;
    const seen: string[] = [];
    const keys = Array.from({ length: presses }, (_, index) => (index % 5 === 4 ? "d" : "a"));
    const taken = await pressEvery(page, PRESS_EVERY_MS, keys, async () => {
      seen.push(await currentTag(page));
    });
    await expect.poll(() => pending(service), { timeout: 30_000 }).toBeLessThanOrEqual(waiting - presses);
    least(`decisions a minute by keyboard, over ${seconds} s`, Math.round(presses / (taken / 60_000)), 590);
    bar("keys a decision", presses / new Set(seen).size, 1);
    bar("tags shown twice to decide", seen.length - new Set(seen).size, 0);
    bar("decisions lost or doubled", Math.abs(waiting - (await pending(service)) - presses), 0);
    bar("rows of the audit trail too few or many", Math.abs((await audited(service)) - before - presses), 0);
    const { keys: slow } = await timings(page);
    bar("key to next paint, 95 of 100", quantile(slow, presses, 0.95), 50, "ms");
    bar("key to next paint, 99 of 100", quantile(slow, presses, 0.99), 100, "ms");
  });
  await expect(async () => expect(await pending(service)).toBe(waiting - seconds * 10)).toPass();
});

test("the list stays the same while its rows are read", async ({ browser, service }) => {
  await cold(browser, service.address, async (page) => {
    await openQueue(page);
    const ids = new Set<string>();
    await page.getByRole("grid", { name: "Tags that wait for a decision" }).focus();
    for (let press = 0; press < 500; press++) {
      await page.keyboard.press("j");
      ids.add(await currentTag(page));
    }
    await expect(currentRow(page)).toBeVisible();
    bar("rows shown twice of 500", 500 - ids.size, 0);
  });
});
