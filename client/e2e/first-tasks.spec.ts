import { company } from "./support/company.ts";
import { Service } from "./support/service.ts";
import { expect, test as base } from "./support/test.ts";

/** Service of a company that has learnt from the tags that are there. */
const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({}, company(600));
      await service.start();
      await service.settled();
      await service.learn();
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 180_000 },
  ],
});

// The tasks of docs/first-tasks.md, done by what a person sees: roles and names.

test("the largest pattern is cleared", async ({ page, service }) => {
  const { approvalGroups } = await service.query<{
    approvalGroups: { nodes: { tagKey: string; tagValue: string; count: number }[] };
  }>("{ approvalGroups(first: 100, filter: { kind: AUTO_APPLIED }) { nodes { tagKey tagValue count } } }");
  const largest = Math.max(...approvalGroups.nodes.map(({ count }) => count));
  await page.goto("/");
  await page.getByRole("link", { name: /^Approvals/ }).click();
  await page.getByRole("link", { name: "Patterns" }).click();
  await page.getByRole("combobox", { name: "Kind" }).selectOption("auto applied");
  const first = page.getByRole("grid", { name: "Patterns of tags" }).getByRole("row").first();
  await expect(first).toContainText(`${largest} tags`);
  const card = page.getByRole("article");
  const tag = (await card.getByRole("heading", { level: 2 }).textContent()) ?? "";
  await expect(card.getByRole("heading", { name: "Least sure" })).toBeVisible();
  await expect(card.getByRole("listitem").first()).toBeVisible();
  await card.getByRole("button", { name: `Approve ${largest} tags` }).click();
  const told = page.getByRole("status").filter({ hasText: `Approved ${largest} tags: ${tag.replace(" = ", "=")}` });
  await expect(told).toBeVisible();
  await expect(told.getByRole("button", { name: "Undo" })).toBeVisible();
  await expect(first).not.toContainText(tag.replace(" = ", "="));
  await page.getByRole("link", { name: "Decided" }).click();
  await expect(page.getByRole("grid", { name: "Decisions, newest first" }).getByRole("row").nth(1)).toContainText(
    tag.replace(" = ", "="),
  );
});

test("it is found why a resource got its owner, and the owner is corrected", async ({ page, service }) => {
  const { approvals } = await service.query<{
    approvals: { nodes: { tagValue: string; resource: { name: string } }[] };
  }>('{ approvals(first: 1, filter: { tagKey: "owner" }) { nodes { tagValue resource { name } } } }');
  const [tag] = approvals.nodes;
  if (!tag) throw new Error("no owner is proposed");
  await page.goto("/");
  await page.getByRole("link", { name: "Resources" }).click();
  await page.getByRole("searchbox", { name: "Name begins with" }).fill(tag.resource.name);
  await page.getByRole("link", { name: tag.resource.name }).click();
  const owner = page.getByRole("table", { name: "Tags of the resource" }).getByRole("row", { name: /^owner/ });
  await expect(owner).toContainText(`owner=${tag.tagValue}`);
  await owner.getByRole("button", { name: `why owner=${tag.tagValue}?` }).click();
  const evidence = owner.getByRole("list", { name: "Evidence" });
  await expect(evidence.getByRole("listitem").first()).toContainText(/tagged|resources/);
  await owner.getByRole("button", { name: `Correct owner=${tag.tagValue}` }).click();
  const dialog = page.getByRole("dialog", { name: "Correct owner" });
  await dialog.getByRole("combobox", { name: "Value" }).fill("margaret@example.com");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("She took it over");
  await dialog.getByRole("button", { name: "Set the tag" }).click();
  await expect(page.getByRole("status").filter({ hasText: "owner=margaret@example.com holds now" })).toBeVisible();
  await expect(owner.getByRole("cell").first()).toContainText("owner=margaret@example.com");
  await expect(owner).toContainText("denied");
  await page.getByRole("tab", { name: "History" }).click();
  const history = page.getByRole("grid", { name: "Changes of its tags" });
  await expect(history.getByRole("row", { name: /She took it over/ }).first()).toBeVisible();
});

test("a CSV file with an error is imported after the error is fixed", async ({ page, service }) => {
  const lines = [
    "cloud,account_id,resource_type,resource_id,name,tag:team",
    "aws,111122223333,ec2/instance,i-first-1,first-tasks-1,search",
    "amazon,111122223333,ec2/instance,i-first-2,first-tasks-2,search",
  ];
  const file = (text: string[]) => ({
    name: "machines.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`${text.join("\n")}\n`),
  });
  const choose = async (text: string[]) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a file" }).click();
    await (await chooser).setFiles(file(text));
    await page.getByRole("button", { name: "Check the file" }).click();
  };
  await page.goto("/");
  await page.getByRole("link", { name: "Import & export" }).click();
  await choose(lines);
  const rejected = page.getByRole("grid", { name: "Rejected lines" }).getByRole("row", { name: /amazon/ });
  await expect(rejected).toContainText("3");
  await expect(rejected).toContainText("is none of aws, gcp, azure");
  await expect(page.getByRole("alert").filter({ hasText: "Nothing has been written yet." })).toBeVisible();
  await page.getByRole("button", { name: "Choose the corrected file" }).click();
  await choose(lines.map((line) => line.replace("amazon", "aws")));
  await page.getByRole("button", { name: "Import 2 rows" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The file is imported" })).toContainText("2 inserted");
  await page.getByRole("link", { name: "Open the resources" }).click();
  await page.getByRole("searchbox", { name: "Name begins with" }).fill("first-tasks-");
  await expect(page.getByRole("grid", { name: "Resources" }).getByRole("link")).toHaveCount(2);
  const { resources } = await service.query<{ resources: { totalCount: number } }>(
    '{ resources(filter: { namePrefix: "first-tasks-" }) { totalCount } }',
  );
  expect(resources.totalCount).toBe(2);
});
