import { pages } from "./support/pages.ts";
import { axe, expect, loaded, test } from "./support/test.ts";

for (const path of pages) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1400, 360]) {
      test(`${path} in the ${colorScheme} theme at ${width} px`, async ({ page }) => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(path);
        await loaded(page);
        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expect(page.getByRole("button", { name: /^Approve \d+ tags?/, disabled: true })).toHaveCount(0);
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        expect(await page.locator("[onerror]").count()).toBe(0);
      });
    }
  }
}
