import { axe, expect, loaded, test } from "./support/test.ts";

const create = `mutation ($input: RuleInput!) { createRule(input: $input) { rule { id } userErrors { message } } }`;

async function addRule(service: { query<T>(query: string, variables: object): Promise<T> }, ruleName: string) {
  const input = { ruleName, tagKey: "team", tagValue: "x", condition: `resource.name == '${ruleName}'` };
  const data = await service.query<{ createRule: { rule: { id: string } } }>(create, { input });
  return data.createRule.rule.id;
}

test("a condition with an error is marked at its place; corrected, previewed and saved, it proposes tags", async ({
  page,
  service,
}) => {
  await page.goto("/rules/new");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("cost of checkout");
  await page.getByRole("combobox", { name: "Key" }).fill("cost-center");
  await page.getByRole("combobox", { name: "Value" }).fill("cc-1042");
  const condition = page.getByRole("textbox", { name: "Condition" });
  await condition.fill("'é🚀' != resource.nam");
  await expect(page.getByText("`resource` has no field `nam`", { exact: false })).toBeVisible();
  await expect(page.locator(".cm-lintRange-error")).toHaveText("nam");
  await expect(condition).toHaveAttribute("aria-invalid", "true");
  expect(await axe(page)).toEqual([]);
  await condition.press("ControlOrMeta+a");
  await condition.press("Delete");
  await page.keyboard.insertText("resource.name.startsWith('checkout-')");
  // Other files of tests import resources into the same service.
  const { resources } = await service.query<{ resources: { totalCount: number } }>("{ resources { totalCount } }");
  await expect(page.getByText(`72 of ${resources.totalCount} resources match`)).toBeVisible();
  await expect(page.getByRole("list", { name: "Outcomes" })).toContainText("72 new");
  await expect(page.locator(".cm-lintRange-error")).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("Saved cost of checkout")).toBeVisible();
  const progress = page.getByRole("status").filter({ hasText: "Resources are being evaluated again" });
  await expect(progress).toContainText("succeeded", { timeout: 30_000 });
  expect(await axe(page)).toEqual([]);
  const { approvals } = await service.query<{ approvals: { totalCount: number } }>(
    '{ approvals(filter: { tagKey: "cost-center", tagValue: "cc-1042" }) { totalCount } }',
  );
  expect(approvals.totalCount).toBe(72);
});

test("fields, functions and values are completed", async ({ page }) => {
  await page.goto("/rules/new");
  const condition = page.getByRole("textbox", { name: "Condition" });
  await condition.click();
  await page.keyboard.type("resource.ta", { delay: 30 });
  await expect(page.getByRole("option", { name: /^tags/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await page.keyboard.type("['environment'] == 'prod", { delay: 30 });
  await page.getByRole("option", { name: "production", exact: true }).click();
  await expect(condition).toContainText("resource.tags['environment'] == 'production");
});

test("a rule that somebody else changed meanwhile is compared, and saved over knowingly", async ({ page, service }) => {
  const id = await addRule(service, "conflict");
  await page.goto(`/rules/${id}`);
  await page.getByRole("textbox", { name: "Description" }).fill("mine");
  await service.query(
    "mutation ($input: UpdateRuleInput!) { updateRule(input: $input) { userErrors { message } } }",
    { input: { id, description: "theirs" } },
    { "X-Actor": "ben" },
  );
  await page.getByRole("button", { name: "Save the rule" }).click();
  const dialog = page.getByRole("dialog", { name: "Somebody else has changed this rule" });
  await expect(dialog.getByText("ben saved version 2", { exact: false })).toBeVisible();
  await expect(dialog.getByRole("row", { name: "Description mine theirs" })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save mine over it" }).click();
  await expect(page.getByText("Saved conflict")).toBeVisible();
  await expect(page.getByText("Version 3", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Restore version 2" }).click();
  await expect(page.getByText("Version 2 is restored")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Description" })).toHaveValue("theirs");
});

test("rules are put into another order by keyboard, and switched off", async ({ page, service }) => {
  await addRule(service, "order a");
  await addRule(service, "order b");
  await page.goto("/rules");
  await loaded(page);
  const names = () =>
    page
      .getByRole("list", { name: /^Rules in the order/ })
      .getByRole("link")
      .allTextContents();
  const before = (await names()).filter((name) => name.startsWith("order"));
  expect(before).toEqual(["order a", "order b"]);
  await page.getByRole("link", { name: "order b" }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await expect(page.getByText(/^order b is now rule \d+ of \d+/)).toBeAttached();
  await expect(page.getByRole("link", { name: "order b" })).toBeFocused();
  await page.getByRole("button", { name: "Save the order" }).click();
  await expect(page.getByText("The order is saved")).toBeVisible();
  await page.reload();
  await loaded(page);
  expect((await names()).filter((name) => name.startsWith("order"))).toEqual(["order b", "order a"]);
  await page.getByRole("switch", { name: "order a is evaluated" }).click();
  await expect(page.getByText("order a is off")).toBeVisible();
  expect(await axe(page)).toEqual([]);
});
