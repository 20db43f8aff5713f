import { axe, expect, loaded, test } from "./support/test.ts";

test("an administrator changes the thresholds of a key", async ({ page, service }) => {
  await page.goto("/settings/vocabulary");
  await loaded(page);
  await page.getByRole("button", { name: "Edit team" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit team" });
  await dialog.getByRole("textbox", { name: "Applied from" }).fill("1.4");
  await dialog.getByRole("button", { name: "Save team" }).click();
  await expect(dialog.getByText("A number from 0 to 1", { exact: true })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole("textbox", { name: "Applied from" }).fill("0.97");
  await dialog.getByRole("textbox", { name: "Suggested from" }).fill("0.75");
  await dialog.getByRole("button", { name: "Save team" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("team is saved. All resources are being evaluated again.")).toBeVisible();
  await expect(page.getByRole("row", { name: /^Edit team/ })).toContainText("0.97");
  const { vocabulary } = await service.query<{
    vocabulary: { name: string; autoApplyThreshold: number | null; manualReviewThreshold: number | null }[];
  }>("{ vocabulary { name autoApplyThreshold manualReviewThreshold } }");
  expect(vocabulary.find(({ name }) => name === "team")).toEqual({
    name: "team",
    autoApplyThreshold: 0.97,
    manualReviewThreshold: 0.75,
  });
});

test("a change of another person meanwhile is not overwritten", async ({ page, service }) => {
  await page.goto("/settings/vocabulary");
  await loaded(page);
  await page.getByRole("button", { name: "Edit owner" }).click();
  await service.query(
    "mutation ($input: UpdateVocabularyKeyInput!) { updateVocabularyKey(input: $input) { userErrors { message } } }",
    { input: { name: "owner", manualReviewThreshold: 0.8 } },
  );
  const dialog = page.getByRole("dialog", { name: "Edit owner" });
  await dialog.getByRole("textbox", { name: "Suggested from" }).fill("0.6");
  await dialog.getByRole("button", { name: "Save owner" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
});

test("a training is queued", async ({ page }) => {
  await page.goto("/settings/models");
  await loaded(page);
  await page.getByRole("button", { name: "Train now" }).click();
  await expect(page.getByText("The training is queued.")).toBeVisible();
});

test("an API token is made, shown once, and revoked", async ({ page, service }) => {
  await page.goto("/settings/tokens");
  await loaded(page);
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog", { name: "New token" });
  await dialog.getByRole("button", { name: "Make the token" }).click();
  await expect(dialog.getByText("1 to 100 characters")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Purpose" }).fill("nightly export");
  await dialog.getByRole("combobox", { name: "Role" }).selectOption("viewer");
  await dialog.getByRole("combobox", { name: "Ends after" }).selectOption("30 days");
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Make the token" }).click();
  await expect(dialog.getByText("This is the token.", { exact: false })).toBeVisible();
  const secret = (await dialog.locator("code").textContent()) ?? "";
  expect(secret).toMatch(/^\w+_\w+_\w+/);
  await dialog.getByRole("button", { name: "Close" }).click();
  const row = page.getByRole("grid", { name: "API tokens" }).getByRole("row", { name: /nightly export/ });
  await expect(row).toContainText("viewer");
  await expect(page.getByText(secret)).toHaveCount(0);
  await row.getByRole("button", { name: "Revoke nightly export" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toContainText("revoked by developer");
  const { apiTokens } = await service.query<{ apiTokens: { nodes: { revokedAt: string | null }[] } }>(
    "{ apiTokens(first: 1) { nodes { revokedAt } } }",
  );
  expect(apiTokens.nodes[0]?.revokedAt).not.toBeNull();
});
