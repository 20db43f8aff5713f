import { inventory } from "./support/inventory.ts";
import { axe, expect, loaded, test } from "./support/test.ts";

const head =
  "ProviderName,BillingAccountId,BillingPeriodStart,ChargePeriodStart,BillingCurrency,EffectiveCost,SubAccountId,ResourceId,ServiceName";
const [first, second] = inventory()
  .filter(({ cloud, native_tags: tags }) => cloud === "aws" && tags.Team !== undefined)
  .filter(({ native_tags: tags }, index, all) => index === 0 || tags.Team !== all[0]?.native_tags.Team);
const charge = (amount: string, account: string, resource: string, service: string) =>
  `AWS,9,2024-09-01,2024-09-03,USD,${amount},${account},${resource},${service}`;
const bill = [
  head,
  charge("1200.50", first?.account_id ?? "", first?.resource_id ?? "", "RDS"),
  charge("300", second?.account_id ?? "", second?.resource_id ?? "", "RDS"),
  charge("99.25", "9", "", "Tax"),
  charge("a lot", "9", "", "Tax"),
].join("\n");

test("a bill is told from an inventory, imported after a confirmation, and read on the dashboard and a resource", async ({
  page,
  service,
}) => {
  if (!first) throw new Error("no resource has a team");
  await page.goto("/imports");
  await loaded(page);
  await page
    .getByLabel("Choose a file")
    .setInputFiles({ name: "focus.csv", mimeType: "text/csv", buffer: Buffer.from(bill) });
  await expect(page.getByText("Nothing has been written yet.", { exact: false })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Import the bill" }).click();
  const result = page.getByRole("status").filter({ hasText: "The file is imported" });
  await expect(result).toContainText("1 bills");
  await expect(result).toContainText("4 rows");
  await expect(page.getByRole("grid", { name: "Rejected lines" })).toContainText("a lot");
  await page.getByRole("button", { name: "Cost" }).last().click();
  await expect(page.getByRole("grid", { name: "Past imports" }).getByRole("row").nth(1)).toContainText("succeeded");
  await page.getByRole("link", { name: "Open the dashboard" }).click();
  const cost = page.getByRole("region", { name: "Cost" });
  await expect(cost).toContainText("$1,600 in September 2024");
  const values = cost.getByRole("listitem");
  await expect(values.first()).toContainText(`${first.native_tags.Team}$1,201 · 75%`);
  await expect(values.filter({ hasText: "of no known resource" })).toContainText("$99.25");
  await expect(cost.getByRole("table", { name: "Of no known resource" })).toContainText("Tax");
  await cost.getByRole("combobox", { name: "Key" }).selectOption("owner");
  await expect(page).toHaveURL(/costKey=owner/);
  await expect(values.filter({ hasText: "without a value" })).toContainText("$1,501");
  expect(await axe(page)).toEqual([]);
  const { resources } = await service.query<{ resources: { nodes: { id: string }[] } }>(
    "query ($filter: ResourceFilter) { resources(first: 1, filter: $filter) { nodes { id } } }",
    { filter: { namePrefix: first.name } },
  );
  await page.goto(`/resources/${resources.nodes[0]?.id ?? ""}`);
  await expect(page.getByText("$1,201 in September 2024")).toBeVisible();
});

test("patterns are ordered by the cost at stake", async ({ page }) => {
  await page.goto("/approvals/patterns?groups=COST");
  await loaded(page);
  await expect(page.getByRole("combobox", { name: "Order" })).toHaveValue("COST");
  await expect(page.getByRole("grid", { name: "Patterns of tags" }).getByRole("row").first()).toBeVisible();
});
