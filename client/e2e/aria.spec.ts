import { expect, loaded, test } from "./support/test.ts";

const mainPages = [
  "/",
  "/approvals",
  "/approvals/patterns",
  "/approvals/single",
  "/resources",
  "/rules",
  "/imports",
  "/audit",
];

for (const path of mainPages) {
  test(`${path} has its landmarks, headings, fields and tables`, async ({ page }) => {
    await page.goto(path);
    await loaded(page);
    const name = path === "/" ? "dashboard" : path.slice(1).replace("/", "-");
    await expect(page.locator("body")).toMatchAriaSnapshot({ name: `${name}.aria.yml` });
  });
}
