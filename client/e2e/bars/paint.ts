import { bar, cold, currentRow, least, pending, test } from "../support/bars.ts";
import { expect, loaded } from "../support/test.ts";
import { timings } from "../support/timings.ts";

test("first paint", async ({ browser, service }) => {
  least("tags in the queue", await pending(service), 100_000);
  for (const path of ["/", "/approvals"]) {
    for (const slowdown of [1, 4]) {
      await cold(browser, service.address, async (page, context) => {
        const session = await context.newCDPSession(page);
        await session.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
        await page.goto(path);
        await loaded(page);
        const { largestPaint, layoutShift } = await timings(page);
        const onSlow = slowdown === 1 ? "" : `, CPU ${slowdown} times slower`;
        bar(`largest paint of ${path}${onSlow}`, largestPaint / 1000, slowdown === 1 ? 1.5 : 3, "s");
        bar(`layout shift of ${path}${onSlow}`, layoutShift, 0.02);
      });
    }
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
