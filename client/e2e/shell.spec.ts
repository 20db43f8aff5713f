import { axe, expect, loaded, test } from "./support/test.ts";

test("the sequences that start with g lead to all pages", async ({ page }) => {
  await page.goto("/");
  await loaded(page);
  for (const [key, path] of Object.entries({
    a: "/approvals",
    r: "/resources",
    u: "/rules",
    m: "/automation",
    i: "/imports",
    t: "/audit",
    s: "/settings",
    d: "/",
  })) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect.poll(() => new URL(page.url()).pathname).toMatch(new RegExp(`^${path}`));
    await loaded(page);
    await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  }
});

test("? shows the shortcuts, and Ctrl-K finds a command by its name", async ({ page }) => {
  await page.goto("/");
  await loaded(page);
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet.getByText("Go to Rules")).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("rules");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/rules$/);
});

test("single keys can be turned off, and changed", async ({ page }) => {
  await page.goto("/settings/shortcuts");
  await loaded(page);
  await page.getByRole("button", { name: "Change the keys of Show the keyboard shortcuts" }).click();
  await page.keyboard.press("h");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  await page.keyboard.press("h");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("radio", { name: "Off" }).check();
  await page.reload();
  await loaded(page);
  await expect(page.getByRole("radio", { name: "Off" })).toBeChecked();
  await page.keyboard.press("h");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Command" })).toBeVisible();
  await expect(page).toHaveURL(/\/settings\/shortcuts$/);
});

test("the theme is chosen, and kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/settings/appearance");
  await loaded(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark" }).click();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await loaded(page);
  expect(await background()).toBe(dark);
});

test("the number of waiting tags is live", async ({ page, service }) => {
  await page.goto("/settings/appearance");
  await loaded(page);
  await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true })).toBeVisible();
  const before = await page.getByTitle(/tags wait/).getAttribute("title");
  const { approvals } = await service.query<{ approvals: { nodes: { id: string }[] } }>(
    "{ approvals(first: 1) { nodes { id } } }",
  );
  await service.query("mutation ($input: ApproveTagsInput!) { approveTags(input: $input) { decided } }", {
    input: { ids: approvals.nodes.map(({ id }) => id) },
  });
  await expect.poll(() => page.getByTitle(/tags? waits?/).getAttribute("title")).not.toBe(before);
});

test("the menu of a phone leads to the pages", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/");
  await loaded(page);
  await page.getByRole("button", { name: "Open the menu" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
});
