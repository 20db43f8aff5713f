import type { Page } from "@playwright/test";
import { expect, loaded, test } from "./support/test.ts";

/** Moves the focus by Tab until the control with the name has it. */
async function tabTo(page: Page, role: "link" | "button" | "grid", name: RegExp | string): Promise<void> {
  const target = page.getByRole(role, { name }).first();
  await expect(target).toBeVisible();
  for (let press = 0; press < 80; press++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

test("without a pointer and without single keys, a pattern is approved, a tag denied, and both are taken back", async ({
  page,
  service,
}) => {
  const count = async (status: string) => {
    const { virtualTags } = await service.query<{ virtualTags: { totalCount: number } }>(
      "query ($filter: VirtualTagFilter) { virtualTags(first: 1, filter: $filter) { totalCount } }",
      { filter: { status } },
    );
    return virtualTags.totalCount;
  };
  await page.goto("/settings/shortcuts");
  await loaded(page);
  await page.getByRole("radio", { name: "On", exact: true }).focus();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("radio", { name: "Off" })).toBeChecked();
  const [approved, denied] = [await count("APPROVED"), await count("DENIED")];
  await page.goto("/");
  await loaded(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await tabTo(page, "link", /^Approvals/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Approvals" })).toBeFocused();
  await tabTo(page, "link", "Patterns");
  await page.keyboard.press("Enter");
  await tabTo(page, "button", /^Approve \d+ tags?/);
  await page.keyboard.press("Enter");
  await expect.poll(() => count("APPROVED")).toBeGreaterThan(approved);
  await tabTo(page, "button", /^Undo /);
  await page.keyboard.press("Enter");
  await expect.poll(() => count("APPROVED")).toBe(approved);
  await page.goto("/approvals/single");
  await loaded(page);
  await expect(page.locator("[role=row][data-current]")).toBeVisible();
  await page.keyboard.press("d");
  await tabTo(page, "grid", "Tags that wait for a decision");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+Tab");
  await page.goto("/approvals/single");
  await loaded(page);
  await tabTo(page, "button", /^Deny 1 tag/);
  expect(await count("DENIED")).toBe(denied);
  await page.keyboard.press("Enter");
  await expect.poll(() => count("DENIED")).toBe(denied + 1);
  await tabTo(page, "button", /^Undo /);
  await page.keyboard.press("Enter");
  await expect.poll(() => count("DENIED")).toBe(denied);
});
