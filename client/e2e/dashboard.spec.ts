import { expect, loaded, test } from "./support/test.ts";

test("the heat map is walked by arrow keys, and leads to the resources that lack a key", async ({ page }) => {
  await page.goto("/");
  await loaded(page);
  const map = page.getByRole("table", { name: "Coverage", exact: true });
  const cells = map.getByRole("link");
  await cells.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowLeft");
  const name = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  expect(name).toMatch(/^application in .+: [\d.]+% of \d+ covered, \d+ lack it$/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/resources\?lacksTagKey=application&accountId=/);
});

test("rows and figures of the heat map are chosen, and kept in the address", async ({ page }) => {
  await page.goto("/");
  await loaded(page);
  await page.getByRole("button", { name: "Clouds" }).click();
  await page.getByRole("button", { name: "Counts", exact: true }).click();
  await expect(page).toHaveURL(/by=cloud&show=counts/);
  await page.reload();
  await loaded(page);
  const row = page.getByRole("table", { name: "Coverage", exact: true }).getByRole("row", { name: /^AZURE/ });
  await expect(row.getByRole("link", { name: /^environment in AZURE/ })).toHaveText(/\d+\/72/);
});

test("decisions appear in the reliability diagram, and in its table", async ({ page, service }) => {
  const { approvals } = await service.query<{ approvals: { nodes: { id: string }[] } }>(
    "{ approvals(first: 12) { nodes { id } } }",
  );
  const ids = approvals.nodes.map(({ id }) => id);
  await service.query("mutation ($input: DenyTagsInput!) { denyTags(input: $input) { decided } }", {
    input: { ids: ids.slice(0, 2) },
  });
  await service.query("mutation ($input: ApproveTagsInput!) { approveTags(input: $input) { decided } }", {
    input: { ids: ids.slice(2) },
  });
  await page.goto("/");
  await loaded(page);
  await expect(page.getByRole("img", { name: /^Stated confidence and approved share/ })).toBeVisible();
  await expect(page.getByText(/were approved \(n = \d+\)\. Expected calibration error/)).toBeVisible();
  const panel = page.getByRole("region", { name: "Can the confidence be trusted?" }).first();
  await panel.getByRole("button", { name: "Table" }).click();
  await expect(panel.getByRole("columnheader", { name: "95 % interval" })).toBeVisible();
  await expect(page).toHaveURL(/reliability=table/);
});
