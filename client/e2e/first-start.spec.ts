import { Service } from "./support/service.ts";
import { axe, expect, loaded, testWith } from "./support/test.ts";

/** Service that has nothing yet. */
const test = testWith(
  () => new Service({ DISCOVERY_SOURCES: "" }, []),
  (service) => service.start(),
);

test("without resources every page says what to do, and the dashboard leads to the import", async ({ page }) => {
  const said = {
    "/approvals": "Nothing waits for a decision",
    "/approvals/patterns": "Nothing waits for a decision",
    "/approvals/single": "Nothing waits for a decision",
    "/resources": "No resource matches",
    "/rules": "There is no rule yet",
    "/audit": "No change matches",
  };
  for (const [path, words] of Object.entries(said)) {
    await page.goto(path);
    await loaded(page);
    await expect(page.getByRole("main").getByText(words, { exact: false }).first()).toBeVisible();
    expect(await axe(page)).toEqual([]);
  }
  await page.goto("/approvals");
  await page.getByRole("link", { name: "Import an inventory" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "Import a file" })).toBeVisible();
  await page.goto("/");
  await loaded(page);
  await expect(page.getByText("There are no resources yet")).toBeVisible();
  await page.getByRole("link", { name: "Import an inventory" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "Import a file" })).toBeVisible();
});
