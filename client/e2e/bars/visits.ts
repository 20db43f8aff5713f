import { bar, cold, test } from "../support/bars.ts";
import { pages } from "../support/pages.ts";
import { axe, expect, loaded, PageMonitor } from "../support/test.ts";

test("faults of all pages", async ({ browser, service }) => {
  const faults: string[] = [];
  const wide: string[] = [];
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
        // 640 px is what 1,280 px have at 200 %.
        for (const width of [640, 320]) {
          await page.setViewportSize({ width, height: 800 });
          const needed = await page.evaluate(() => document.documentElement.scrollWidth);
          if (needed > width) wide.push(`${path}: ${needed} at ${width} px`);
        }
      });
    }
  }
  const of = (kind: RegExp) => faults.filter((fault) => kind.test(fault)).length;
  bar(`axe: violations of ${pages.length} pages, light and dark`, of(/^axe/), 0);
  bar("messages in the console", of(/^(console|error)/), 0);
  bar("violations of the content security policy", of(/Content Security Policy|TrustedHTML|TrustedScript/), 0);
  bar("requests to other hosts", of(/^foreign/), 0);
  bar("pages that scroll sideways at 320 or 640 px", wide.length, 0);
  if (wide.length > 0) console.log(wide.join("\n"));
});
