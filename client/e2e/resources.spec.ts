import { readFileSync } from "node:fs";
import { axe, expect, loaded, test } from "./support/test.ts";

test("filters of resources live in the address: a new tab shows the same, Back goes back", async ({
  page,
  context,
}) => {
  await page.goto("/resources");
  await loaded(page);
  await page.getByRole("button", { name: "Lacks owner" }).click();
  await expect(page).toHaveURL(/lacksTagKey=owner/);
  await page.getByRole("searchbox", { name: "Name begins with" }).fill("checkout-prod-db");
  await expect(page).toHaveURL(/namePrefix=checkout-prod-db/);
  const grid = page.getByRole("grid", { name: "Resources" });
  await expect(grid.getByRole("row")).toHaveCount(7);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("grid", { name: "Resources" }).getByRole("row")).toHaveCount(7);
  await expect(other.getByRole("searchbox", { name: "Name begins with" })).toHaveValue("checkout-prod-db");
  await grid.getByRole("row").nth(1).click();
  await expect(page.getByRole("heading", { level: 1, name: /^checkout-prod-db-/ })).toBeVisible();
  await page.goBack();
  await expect(grid.getByRole("row")).toHaveCount(7);
});

test("filters propose what is there, with numbers, and the file has what the list has", async ({ page }) => {
  await page.goto("/resources?cloud=AWS");
  await loaded(page);
  await page.getByRole("combobox", { name: "Type" }).click();
  await page.getByRole("option", { name: "s3/bucket 72" }).click();
  await page.getByRole("combobox", { name: "Account" }).click();
  await expect(page.getByRole("listbox", { name: "Account" }).getByRole("option")).toHaveCount(1);
  expect(await axe(page)).toEqual([]);
  await page.getByRole("option", { name: "444455556666 72" }).click();
  await page.getByRole("searchbox", { name: "Name begins with" }).fill("search-");
  await expect(page.getByText("18 resources", { exact: true })).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const lines = readFileSync(await (await download).path(), "utf8")
    .trim()
    .split("\n");
  expect(lines.slice(1).filter((line) => line.includes("search-"))).toHaveLength(18);
  expect(lines).toHaveLength(19);
});

test("an address with values that do not exist opens without them, and says so", async ({ page }) => {
  await page.goto("/resources?cloud=MOON&accountId=shop-analytics&nonsense=1");
  await loaded(page);
  await expect(page.getByText("it was left out: cloud", { exact: false })).toBeVisible();
  await expect(page.getByText("72 resources", { exact: true })).toBeVisible();
});

test("what a resource lacks is found, its reasons are read, and a tag set by hand holds", async ({ page }) => {
  await page.goto("/resources?lacksTagKey=owner");
  await loaded(page);
  await page.getByRole("row").nth(1).press("Enter");
  await expect(page.getByRole("table", { name: "Tags of the resource" })).toBeVisible();
  await page.getByRole("tab", { name: "Why" }).click();
  await expect(page).toHaveURL(/tab=why/);
  await expect(page.getByRole("list", { name: "If it were evaluated now" })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  const question = page.getByRole("region", { name: "Why not another value?" });
  await question.getByRole("combobox", { name: "Key" }).click();
  await expect(page.getByRole("option", { name: "owner" })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await question.getByRole("combobox", { name: "Key" }).fill("owner");
  await question.getByRole("combobox", { name: "Value" }).fill("nobody@example.com");
  await question.getByRole("button", { name: "Ask" }).click();
  await expect(question.getByText("Nothing speaks for it")).toBeVisible();
  await page.getByRole("tab", { name: "Tags" }).click();
  await page.getByRole("button", { name: "Set by hand: owner" }).click();
  const dialog = page.getByRole("dialog", { name: "Set a tag by hand" });
  await dialog.getByRole("combobox", { name: "Key" }).click();
  await expect(page.getByRole("option", { name: "owner" })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole("combobox", { name: "Value" }).fill("ann@example.com");
  await dialog.getByRole("button", { name: "Set the tag" }).click();
  await expect(page.getByText("owner=ann@example.com holds now")).toBeVisible();
  const row = page.getByRole("row", { name: /^owner/ });
  await expect(row.getByRole("cell").first()).toContainText("owner=ann@example.com");
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Change owner=ann@example.com" }).click();
  const change = page.getByRole("dialog", { name: "Change owner" });
  await change.getByRole("combobox", { name: "Value" }).fill("bob@example.com");
  await change.getByRole("button", { name: "Set the tag" }).click();
  await expect(row.getByRole("cell").first()).toContainText("owner=bob@example.com");
  await page.getByRole("button", { name: "Remove owner=bob@example.com" }).click();
  await expect(row.getByRole("cell").first()).toContainText("nothing");
  await page.getByRole("tab", { name: "History" }).click();
  const history = page.getByRole("grid", { name: "Changes of its tags" });
  await expect(history.getByRole("row", { name: /deleted/ })).toBeVisible();
  await expect(history.getByRole("row", { name: /ann@example\.com → bob@example\.com/ })).toBeVisible();
});

test("a resource is described as it might be, and its tags are inferred", async ({ page }) => {
  await page.goto("/resources?namePrefix=search-staging");
  await loaded(page);
  await page.getByRole("row").nth(1).press("Enter");
  await page.getByRole("tab", { name: "Why" }).click();
  const box = page.getByRole("region", { name: "What if it were named or tagged otherwise?" });
  await box.getByRole("textbox", { name: "Name" }).fill("billing-prod-new-1");
  await box.getByRole("textbox", { name: /^Tags in the cloud/ }).fill("Environment=prod");
  await box.getByRole("button", { name: "Infer the tags" }).click();
  await expect(box.getByRole("list", { name: /^Inferred tags/ }).getByText("environment=production")).toBeVisible();
});

test("markup in a name is shown as text", async ({ page }) => {
  await page.goto("/resources?namePrefix=%3Cimg");
  await loaded(page);
  await expect(page.getByRole("link", { name: "<img src=x onerror=alert(1)>-prod" })).toBeVisible();
  expect(await page.locator("[onerror]").count()).toBe(0);
});
