import type { Page } from "@playwright/test";
import { bar, cold, currentRow, least, openQueue, pending, pressEvery, test } from "../support/bars.ts";
import type { Service } from "../support/service.ts";
import { expect } from "../support/test.ts";
import { forgetKeys, quantile, timings } from "../support/timings.ts";

const live = (page: Page) => page.getByRole("img", { name: "Live" }).filter({ visible: true }).first();

const approve = (service: Service, id: string) =>
  service.query("mutation ($ids: [ID!]) { approveTags(input: { ids: $ids }) { decided } }", { ids: [id] });

/** Ids of the tags in the page, the current row left out. */
const shownTags = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("[role=row][aria-rowindex]:not([data-current])")].map((row) =>
      row.id.replace(/^.*?(?=Vmly)/, ""),
    ),
  );

test("a decision is seen in another browser", async ({ browser, service }) => {
  const delays: number[] = [];
  await cold(browser, service.address, async (page) => {
    while (delays.length < 100) {
      await openQueue(page);
      for (const id of (await shownTags(page)).slice(0, 15)) {
        const seen = page.locator(`[id$="${id}"]`).getByText(/approved by/);
        const start = Date.now();
        await approve(service, id);
        await seen.waitFor();
        delays.push(Date.now() - start);
      }
    }
  });
  bar(`decision seen by others, 95 of ${delays.length}`, quantile(delays, delays.length, 0.95), 300, "ms");
});

test("keys while thousands of tags change", async ({ browser, service }) => {
  await cold(browser, service.address, async (page) => {
    await openQueue(page);
    const before = await pending(service);
    await forgetKeys(page);
    const start = Date.now();
    await service.query("mutation ($input: ApproveTagsInput!) { approveTags(input: $input) { decided } }", {
      input: { filter: { tagKey: "team" } },
    });
    const presses = 100;
    await pressEvery(page, 100, Array<string>(presses).fill("j"));
    const changed = before - (await pending(service));
    least("changes a second meanwhile", Math.round(changed / ((Date.now() - start) / 1000)), 1_000);
    bar("key to next paint meanwhile, 98 of 100", quantile((await timings(page)).keys, presses, 0.98), 100, "ms");
  });
});

test("a service that stops for half a minute", async ({ browser, service }) => {
  await cold(browser, service.address, async (page) => {
    await openQueue(page);
    const before = await pending(service);
    await service.stop();
    await expect(page.getByText("The connection to the service is lost.", { exact: false })).toBeVisible();
    await page.waitForTimeout(30_000);
    for (let press = 0; press < 20; press++) await page.keyboard.press("a");
    await service.start();
    const ready = Date.now();
    await live(page).waitFor();
    bar("connected again after", (Date.now() - ready) / 1000, 5, "s");
    await expect.poll(() => pending(service), { timeout: 30_000 }).toBeLessThanOrEqual(before - 20);
    bar("decisions of the outage lost or doubled", Math.abs(before - 20 - (await pending(service))), 0);
    let missed = 0;
    for (const id of (await shownTags(page)).slice(0, 10)) {
      await approve(service, id);
      const seen = page.locator(`[id$="${id}"]`).getByText(/approved by/);
      await seen.waitFor({ timeout: 5_000 }).catch(() => (missed += 1));
    }
    bar("changes after it that are not seen", missed, 0);
    await expect(currentRow(page)).toBeVisible();
  });
});
