import { join, resolve } from "node:path";
import { pages } from "./support/pages.ts";
import { Service } from "./support/service.ts";
import { expect, loaded, testWith } from "./support/test.ts";

const documents = resolve(join(process.env.DIST ?? "dist", "documents.json"));

/** Service that executes the documents of the client alone. */
const test = testWith(
  () => new Service(),
  async (service) => {
    await service.start();
    await service.settled();
    await service.stop();
    await service.start({ TRUSTED_DOCUMENTS: documents });
  },
);

test("the client needs no document but its own", async ({ page, service }) => {
  await expect(service.query("{ viewer { subject } }")).rejects.toThrow();
  for (const path of pages) {
    await page.goto(path);
    await loaded(page);
    await expect(page.getByRole("alert").filter({ hasText: /error|refused|trusted/i })).toHaveCount(0);
  }
  await page.goto("/approvals/single");
  const row = page.locator("[role=row][data-current]");
  const before = (await row.getAttribute("id")) ?? "";
  await page.keyboard.press("a");
  await expect(row).not.toHaveAttribute("id", before);
  await page.getByRole("link", { name: "Decided" }).click();
  await expect(page.getByRole("grid", { name: "Decisions, newest first" }).getByRole("row").nth(1)).toBeVisible();
});
