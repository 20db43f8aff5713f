import { readFileSync } from "node:fs";
import { axe, expect, loaded, test } from "./support/test.ts";

const header = "cloud,account_id,resource_type,resource_id,name,tag:team";
const file = (name: string, text: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

test("a file is planned, confirmed and imported, and its rejected lines are downloaded", async ({ page }) => {
  await page.goto("/imports");
  await loaded(page);
  const text = `${header}\naws,1,ec2/instance,i-1,web-1,search\nmoon,1,ec2/instance,i-2,web-2,\n`;
  await page.getByLabel("Choose a file").setInputFiles(file("web.csv", text));
  await expect(page.getByRole("table", { name: "Columns of the file" })).toBeVisible();
  await page.getByRole("button", { name: "Check the file" }).click();
  await expect(page.getByText("Nothing has been written yet.")).toBeVisible();
  await expect(
    page.getByRole("grid", { name: "Rejected lines" }).getByText("is none of aws, gcp, azure"),
  ).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Import 1 row" }).click();
  const result = page.getByRole("status").filter({ hasText: "The file is imported" });
  await expect(result).toContainText("1 inserted");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the rejected lines" }).click();
  const saved = await saving;
  expect(readFileSync(await saved.path(), "utf8")).toContain("3,cloud,moon,");
});

test("a file is refused as a whole where one line is rejected, if that is wanted", async ({ page, service }) => {
  await page.goto("/imports");
  await loaded(page);
  const text = `${header}\naws,1,ec2/instance,i-whole-1,whole-1,\nmoon,1,x,i-whole-2,whole-2,\n`;
  await page.getByLabel("Choose a file").setInputFiles(file("whole.csv", text));
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByRole("combobox", { name: "If lines are rejected" }).selectOption("Import nothing");
  await expect(page.getByRole("button", { name: "Import 1 row" })).toBeDisabled();
  const { resources } = await service.query<{ resources: { totalCount: number } }>(
    '{ resources(filter: { namePrefix: "whole-" }) { totalCount } }',
  );
  expect(resources.totalCount).toBe(0);
});

test("a column with another name is read as what it is", async ({ page, service }) => {
  await page.goto("/imports");
  await loaded(page);
  const text = "cloud;Konto;resource_type;resource_id;name\naws;777;ec2/instance;i-k-1;renamed-1\n";
  await page.getByLabel("Choose a file").setInputFiles(file("konto.csv", text));
  await expect(page.getByText("The file lacks account_id", { exact: false })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("combobox", { name: "Column Konto is read as" }).selectOption("account_id");
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByRole("button", { name: "Import 1 row" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The file is imported" })).toContainText("1 inserted");
  const { resources } = await service.query<{ resources: { nodes: { accountId: string }[] } }>(
    '{ resources(filter: { namePrefix: "renamed-" }) { nodes { accountId } } }',
  );
  expect(resources.nodes).toEqual([{ accountId: "777" }]);
});

test("resources are exported", async ({ page }) => {
  await page.goto("/imports");
  await loaded(page);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const text = readFileSync(await (await saving).path(), "utf8");
  expect(text.split("\n")[0]).toContain("cloud,account_id,resource_type,resource_id,name");
  expect(text).toContain("checkout-prod-db-1");
});
