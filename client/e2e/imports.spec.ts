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

test("the output of a command line is read as it is; the plan tells its format, accounts and what it lacks", async ({
  page,
}) => {
  await page.goto("/imports");
  await loaded(page);
  const arn = "arn:aws:ec2:eu-west-1:111122223333:instance/i-format-1";
  const answer = {
    ResourceTagMappingList: [
      { ResourceARN: arn, Tags: [{ Key: "Team", Value: "search" }] },
      { ResourceARN: "arn:aws:route53:::hostedzone/ZFORMAT1", Tags: [] },
    ],
  };
  await page.getByRole("textbox", { name: "Account of entries without one" }).fill("444455556666");
  await page.getByLabel("Choose a file").setInputFiles({
    name: "resources.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(answer)),
  });
  const summary = page.getByRole("region", { name: "AWS Resource Groups Tagging API" });
  await expect(summary.getByRole("alert")).toContainText("may lack resources of its accounts");
  await expect(summary.getByRole("alert").getByRole("listitem").first()).toBeVisible();
  await expect(summary.getByRole("table", { name: "Accounts of the file" })).toContainText("111122223333");
  await expect(summary.getByRole("table", { name: "Accounts of the file" })).toContainText("444455556666");
  await expect(summary.getByRole("table", { name: "Fields and where they come from" })).toContainText("resource_id");
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Import 2 rows" }).click();
  const result = page.getByRole("status").filter({ hasText: "The file is imported" });
  await expect(result).toContainText("2 inserted");
  await result.getByRole("link", { name: "The file is imported" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Import, succeeded" })).toBeVisible();
  await expect(summary.getByRole("table", { name: "Accounts of the file" })).toContainText("444455556666");
});

test("an export of Tag Editor needs no columns to be named", async ({ page }) => {
  await page.goto("/imports");
  await loaded(page);
  const text = `Identifier,Service,Type,Region,Tag: Team,Tags,ARN
i-editor-1,EC2,Instance,eu-west-1,search,1,arn:aws:ec2:eu-west-1:111122223333:instance/i-editor-1
`;
  await page.getByLabel("Choose a file").setInputFiles(file("resources.csv", text));
  await expect(page.getByRole("region", { name: "AWS Tag Editor" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Import 1 row" })).toBeEnabled();
});

test("a check is cancelled, and nothing is written", async ({ page, service }) => {
  await page.goto("/imports");
  await loaded(page);
  const lines = Array.from({ length: 250_000 }, (_, row) => `aws,1,ec2/instance,i-many-${row},many-${row},search`);
  await page.getByLabel("Choose a file").setInputFiles(file("many.csv", [header, ...lines].join("\n")));
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByRole("link", { name: "The file is checked; nothing is written" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Import, cancelled" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
  const { resources } = await service.query<{ resources: { totalCount: number } }>(
    '{ resources(filter: { namePrefix: "many-" }) { totalCount } }',
  );
  expect(resources.totalCount).toBe(0);
});

test("tags of a file wait in the queue, by the way they came", async ({ page, service }) => {
  const { resources } = await service.query<{ resources: { nodes: { resourceId: string }[] } }>(
    '{ resources(first: 1, filter: { namePrefix: "search-dev" }) { nodes { resourceId } } }',
  );
  await page.goto("/imports");
  await loaded(page);
  await page.getByRole("button", { name: "Virtual tags" }).click();
  const text = `resource_id,tag_key,tag_value\n${resources.nodes[0]?.resourceId ?? ""},cost-center,4711\n`;
  await page.getByLabel("Choose a file").setInputFiles(file("tags.csv", text));
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByRole("button", { name: "Import 1 row" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The file is imported" })).toBeVisible();
  await page.getByRole("link", { name: "Open the queue" }).click();
  await page.goto("/approvals/single?key=cost-center&source=CSV");
  await expect(page.getByRole("row", { name: /4711/ })).toBeVisible();
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
