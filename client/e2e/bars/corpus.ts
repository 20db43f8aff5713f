import { existsSync } from "node:fs";
import { join } from "node:path";
import { bar, cold, least, pending } from "../support/bars.ts";
import { Service } from "../support/service.ts";
import { expect, loaded, test as base } from "../support/test.ts";
import { quantile } from "../support/timings.ts";

const inventory = join(process.env.CORPUS_DIR ?? "", "shared.jsonl.gz");
const DECISIONS = 100;

const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({ DISCOVERY_SOURCES: `file:${inventory}` });
      await service.start();
      await service.settled({}, 900);
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 1_800_000 },
  ],
});

test("patterns of the corpus, by keyboard", async ({ browser, service }) => {
  test.skip(process.env.CORPUS_DIR === undefined || !existsSync(inventory), "CORPUS_DIR names no corpus");
  const before = await pending(service);
  least("tags in the queue of the corpus", before, 20_000);
  const times: number[] = [];
  await cold(browser, service.address, async (page) => {
    await page.goto("/approvals/patterns");
    await loaded(page);
    const selected = page.getByRole("row", { selected: true });
    const card = page.getByRole("article");
    for (let decision = 0; decision < DECISIONS; decision++) {
      const start = Date.now();
      await expect(card.getByRole("button", { name: /^Approve [\d,.]+ tags?/ })).toBeEnabled();
      const current = (await selected.textContent()) ?? "";
      await page.keyboard.press("a");
      await expect(selected).not.toHaveText(current);
      times.push(Date.now() - start);
    }
  });
  await service.idle(300);
  const settled = 1 - (await pending(service)) / before;
  least(`queue of the corpus cleared by ${DECISIONS} decisions`, settled * 100, 72, "%");
  bar("UI time of such a decision, 95 of 100", quantile(times, times.length, 0.95) / 1000, 2, "s");
});
