import { axe, expect, loaded, test } from "./support/test.ts";

const pages = [
  "/",
  "/approvals",
  "/resources",
  "/rules",
  "/automation",
  "/imports",
  "/audit",
  "/settings/vocabulary",
  "/settings/models",
  "/settings/shortcuts",
  "/settings/appearance",
  "/login",
  "/no-such-page",
];

for (const path of pages) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1400, 360]) {
      test(`${path} in the ${colorScheme} theme at ${width} px`, async ({ page }) => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(path);
        await loaded(page);
        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        expect(await page.locator("[onerror]").count()).toBe(0);
      });
    }
  }
}
