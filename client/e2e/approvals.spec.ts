import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Service } from "./support/service.ts";
import { axe, expect, loaded, test } from "./support/test.ts";

const row = (page: Page) => page.getByRole("row").filter({ has: page.locator("xpath=self::*[@data-current]") });
const history = (page: Page) => page.getByRole("region", { name: "Last decisions" });
const undoes = (page: Page) => history(page).getByRole("button", { name: /^Undo / });

interface Tag {
  id: string;
  tagKey: string;
  tagValue: string;
  approvalStatus: string;
  decisionReason: string | null;
}

/** Tags of the service in a state, oldest first. */
async function tags(service: Service, status: string, tagKey = "environment"): Promise<Tag[]> {
  const { virtualTags } = await service.query<{ virtualTags: { nodes: Tag[] } }>(
    `query($filter: VirtualTagFilter) { virtualTags(first: 100, filter: $filter) {
       nodes { id tagKey tagValue approvalStatus decisionReason } } }`,
    { filter: { status, tagKey } },
  );
  return virtualTags.nodes;
}

async function count(service: Service, status: string, tagKey = "environment"): Promise<number> {
  const { virtualTags } = await service.query<{ virtualTags: { totalCount: number } }>(
    "query($filter: VirtualTagFilter) { virtualTags(first: 1, filter: $filter) { totalCount } }",
    { filter: { status, tagKey } },
  );
  return virtualTags.totalCount;
}

async function decide(service: Service, verb: "approveTags" | "undoDecisions", ids: string[], actor: string) {
  const type = verb === "approveTags" ? "ApproveTagsInput" : "UndoDecisionsInput";
  await service.query(
    `mutation($input: ${type}!) { ${verb}(input: $input) { decided } }`,
    { input: { ids } },
    { "X-Actor": actor },
  );
}

/** Opens the queue of single tags and waits for its rows. */
async function openQueue(page: Page, search = "?key=environment"): Promise<void> {
  await page.goto(`/approvals/single${search}`);
  await loaded(page);
  await expect(row(page)).toBeVisible();
}

test.beforeEach(async ({ service }) => {
  const decided = [...(await tags(service, "APPROVED")), ...(await tags(service, "DENIED"))].map(({ id }) => id);
  if (decided.length > 0) await decide(service, "undoDecisions", decided, "setup");
});

test("a pattern is approved whole, and all of it taken back", async ({ page, service }) => {
  const before = await count(service, "PENDING");
  await page.goto("/approvals/patterns?key=environment");
  await loaded(page);
  const approve = page.getByRole("button", { name: /^Approve \d+ tags?/ });
  await expect(approve).toBeEnabled();
  const size = Number(/\d+/.exec((await approve.textContent()) ?? "")?.[0]);
  await page.keyboard.press("a");
  await expect(page.getByText(new RegExp(`^Approved ${size} tags?: environment=`))).toBeVisible();
  expect(await count(service, "APPROVED")).toBe(size);
  await page.keyboard.press("u");
  await expect(page.getByText(/decisions? taken back/)).toBeVisible();
  expect(await count(service, "APPROVED")).toBe(0);
  expect(await count(service, "PENDING")).toBe(before);
});

test("a pattern is approved only after what was decided one by one is saved", async ({ page, service }) => {
  const { approvalGroups } = await service.query<{
    approvalGroups: { nodes: { tagValue: string; source: string; evidenceSignature: string; count: number }[] };
  }>(`{ approvalGroups(first: 1, filter: { tagKey: "environment" }) {
         nodes { tagValue source evidenceSignature count } } }`);
  const [group] = approvalGroups.nodes;
  if (!group) throw new Error("no pattern waits");
  const { tagValue: value, source, evidenceSignature: signature } = group;
  await openQueue(page, `?${new URLSearchParams({ key: "environment", value, source, signature }).toString()}`);
  const sent: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/graphql", async (route) => {
    const operation = /"operationName":"(ApproveTags|DenyTags)"/.exec(route.request().postData() ?? "")?.[1];
    if (operation === "DenyTags") await released;
    if (operation !== undefined) sent.push(operation);
    await route.continue();
  });
  await page.keyboard.press("d");
  await page.getByRole("link", { name: "Patterns" }).click();
  const pattern = page.getByRole("article", { name: `environment=${value}` });
  const approve = pattern.getByRole("button", { name: `Approve ${group.count} tags` });
  await expect(approve).toBeEnabled();
  await page.keyboard.press("a");
  await expect(approve).toBeDisabled();
  release();
  await expect.poll(() => count(service, "APPROVED")).toBe(group.count - 1);
  expect(await count(service, "DENIED")).toBe(1);
  expect(sent).toEqual(["DenyTags", "ApproveTags"]);
});

test("tags are decided one by one with single keys, and go on to the next", async ({ page, service }) => {
  await openQueue(page);
  const names: string[] = [];
  const current = async () => (await row(page).getAttribute("id")) ?? "";
  names.push(await current());
  await page.keyboard.press("j");
  names.push(await current());
  expect(names[1]).not.toBe(names[0]);
  await page.keyboard.press("k");
  expect(await current()).toBe(names[0]);
  await page.keyboard.press("a");
  expect(await current()).toBe(names[1]);
  await page.keyboard.press("d");
  expect(await current()).not.toBe(names[1]);
  await expect.poll(() => count(service, "APPROVED")).toBe(1);
  await expect.poll(() => count(service, "DENIED")).toBe(1);
  await page.keyboard.press("u");
  expect(await current()).toBe(names[1]);
  await page.keyboard.press("u");
  expect(await current()).toBe(names[0]);
  await expect.poll(async () => (await count(service, "APPROVED")) + (await count(service, "DENIED"))).toBe(0);
});

test("fifty keys in a row are all saved, each once", async ({ page, service }) => {
  await openQueue(page);
  for (let press = 0; press < 50; press++) await page.keyboard.press("a");
  await expect.poll(() => count(service, "APPROVED")).toBe(50);
  const { tagAudit } = await service.query<{
    tagAudit: { nodes: { virtualTag: { id: string; decisionMode: string } }[] };
  }>(`{ tagAudit(first: 50, filter: { action: APPROVED }) { nodes { virtualTag { id decisionMode } } } }`);
  expect(new Set(tagAudit.nodes.map(({ virtualTag }) => virtualTag.id)).size).toBe(50);
  expect(new Set(tagAudit.nodes.map(({ virtualTag }) => virtualTag.decisionMode))).toEqual(new Set(["SINGLE"]));
});

test("a range is selected with shift and approved together", async ({ page, service }) => {
  await openQueue(page);
  for (const key of ["x", "Shift+J", "Shift+J", "Shift+J"]) await page.keyboard.press(key);
  await expect(page.getByText("4 selected")).toBeVisible();
  await page.getByRole("button", { name: /^Approve 4 tags/ }).click();
  await expect.poll(() => count(service, "APPROVED")).toBe(4);
  const { virtualTags } = await service.query<{ virtualTags: { nodes: { decisionMode: string }[] } }>(
    `{ virtualTags(first: 4, filter: { status: APPROVED }) { nodes { decisionMode } } }`,
  );
  expect(new Set(virtualTags.nodes.map(({ decisionMode }) => decisionMode))).toEqual(new Set(["BULK"]));
  await expect(undoes(page)).toHaveCount(1);
  await undoes(page).click();
  await expect.poll(() => count(service, "APPROVED")).toBe(0);
});

test("all that match a filter are approved but for those taken out, after a question with the number, and taken back", async ({
  page,
  service,
}) => {
  await openQueue(page, "?key=environment&cloud=AWS");
  await page.keyboard.press("s");
  await page.keyboard.press("*");
  await page.keyboard.press("*");
  const all = page.getByRole("toolbar", { name: "All that match the filters" });
  await expect(all.getByRole("status")).toHaveText(/^All \d+ that match but for 1$/);
  const matching = Number(/\d+/.exec((await all.getByRole("status").textContent()) ?? "")?.[0]);
  await page.getByRole("row").nth(2).getByRole("checkbox").click();
  await expect(all.getByRole("status")).toHaveText(`All ${matching} that match but for 2`);
  await page.keyboard.press("a");
  const question = page.getByRole("dialog", { name: "All that match: environment, AWS" });
  await expect(question).toContainText(`This decides ${matching - 2} tags at once. The 2 that you took out stay`);
  expect(await axe(page)).toEqual([]);
  await question.getByRole("button", { name: `Approve ${matching - 2} tags` }).click();
  await expect(page.getByText(`Approved ${matching - 2} tags: environment, AWS.`)).toBeVisible();
  await expect.poll(() => count(service, "APPROVED")).toBe(matching - 2);
  await page.keyboard.press("u");
  await expect.poll(() => count(service, "APPROVED")).toBe(0);
  await expect(undoes(page)).toHaveCount(1);
});

test("after a decision on all that match, keys act on it, and not on what was decided before", async ({
  page,
  service,
}) => {
  const approveAll = async (filter: string) => {
    await page.getByRole("button", { name: "Select all that match" }).click();
    await expect(page.getByRole("toolbar", { name: "All that match the filters" })).toBeVisible();
    await page.keyboard.press("a");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Approve/ })
      .click();
    await expect(undoes(page).first()).toHaveAccessibleName(`Undo Approved ${filter}`);
  };
  await openQueue(page, "?key=environment&cloud=AWS");
  await page.keyboard.press("d");
  await expect(page.getByRole("group", { name: "Reason of the last denial" })).toBeVisible();
  await approveAll("environment, AWS");
  await expect(page.getByRole("group", { name: "Reason of the last denial" })).toHaveCount(0);
  await page.keyboard.press("2");
  await undoes(page).last().click();
  await expect.poll(() => count(service, "DENIED")).toBe(0);
  await page.getByRole("combobox", { name: "Cloud" }).selectOption("GCP");
  await expect(row(page)).toBeVisible();
  await approveAll("environment, GCP");
  await page.keyboard.press("u");
  await expect(undoes(page)).toHaveCount(1);
  await expect(undoes(page)).toHaveAccessibleName("Undo Approved environment, AWS");
});

test("no more tags are decided than the question said", async ({ page, service }) => {
  const [tag] = await tags(service, "PENDING");
  if (!tag) throw new Error("no tag waits");
  await decide(service, "approveTags", [tag.id], "ann");
  await openQueue(page);
  await page.getByRole("button", { name: "Select all that match" }).click();
  await page.getByRole("button", { name: /^Approve \d+ tags/ }).click();
  await decide(service, "undoDecisions", [tag.id], "ann");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Approve/ })
    .click();
  await expect(page.getByText(/more than the expected \d+ tags are selected/)).toBeVisible();
  expect(await count(service, "APPROVED")).toBe(0);
});

test("all that match are denied from the patterns, and a group is approved but for one of its samples", async ({
  page,
  service,
}) => {
  await page.goto("/approvals/patterns?key=environment&cloud=GCP");
  await loaded(page);
  const approve = page.getByRole("button", { name: /^Approve \d+ tags?/ });
  const size = Number(/\d+/.exec((await approve.textContent()) ?? "")?.[0]);
  await page
    .getByRole("checkbox", { name: /^Decide .*, too$/ })
    .first()
    .uncheck();
  await page.getByRole("button", { name: `Approve ${size - 1} tags` }).click();
  await expect(page.getByText(new RegExp(`^Approved ${size - 1} tags: environment=`))).toBeVisible();
  expect(await count(service, "APPROVED")).toBe(size - 1);
  await page.keyboard.press("u");
  await expect.poll(() => count(service, "APPROVED")).toBe(0);
  await page.getByRole("button", { name: "Select all that match" }).click();
  await expect(page.getByRole("toolbar", { name: "All that match the filters" })).toBeVisible();
  await page.keyboard.press("d");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Deny \d+ tags$/ })
    .click();
  await expect(page.getByText(/^Denied \d+ tags: environment, GCP/)).toBeVisible();
  await expect(page.getByText("Nothing matches the filters")).toBeVisible();
});

test("filters propose what waits, with numbers, under the other filters", async ({ page }) => {
  await openQueue(page, "?cloud=AWS");
  await page.getByRole("combobox", { name: "Key" }).click();
  await expect(page.getByRole("option", { name: /^environment \d+$/ })).toBeVisible();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("combobox", { name: "Key" }).fill("env");
  await page.getByRole("combobox", { name: "Key" }).press("ArrowDown");
  await page.getByRole("combobox", { name: "Key" }).press("Enter");
  await expect(page).toHaveURL(/key=environment/);
  await page.getByRole("combobox", { name: "Value" }).press("ArrowDown");
  await page.getByRole("option", { name: /^production \d+$/ }).click();
  await expect(page).toHaveURL(/value=production/);
  await page.getByRole("combobox", { name: "Account" }).click();
  await expect(page.getByRole("listbox", { name: "Account" }).getByRole("option")).toHaveCount(2);
  await page.getByRole("option", { name: /^111122223333/ }).click();
  await expect(page).toHaveURL(/account=111122223333/);
  const clouds = page.getByRole("combobox", { name: "Cloud" }).getByRole("option");
  await expect(clouds.filter({ hasText: /^AWS \(\d+\)$/ })).toHaveCount(1);
});

test("the queue as filtered is exported", async ({ page, service }) => {
  await openQueue(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const lines = readFileSync(await (await download).path(), "utf8")
    .trim()
    .split("\n");
  expect(lines.length - 1).toBe(await count(service, "PENDING"));
  expect(lines.slice(1).every((line) => line.includes("environment"))).toBe(true);
});

test("a denial takes its reason afterwards, by a digit", async ({ page, service }) => {
  await openQueue(page);
  await page.keyboard.press("d");
  await expect.poll(() => count(service, "DENIED")).toBe(1);
  await page.keyboard.press("2");
  await expect
    .poll(async () => (await tags(service, "DENIED")).map(({ decisionReason }) => decisionReason))
    .toEqual(["Not enough evidence"]);
  await page.goto("/approvals/decided?status=DENIED&key=environment");
  await expect(page.getByRole("gridcell", { name: "Not enough evidence" }).first()).toBeVisible();
});

test("a value is corrected: the right one is approved in place of the proposed", async ({ page, service }) => {
  await openQueue(page);
  await page.keyboard.press("c");
  await page.getByLabel("Right value").fill("sandbox");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await tags(service, "APPROVED")).map(({ tagValue }) => tagValue)).toContain("sandbox");
});

test("of two people at the same tag, the second sees who was first", async ({ page, service }) => {
  await openQueue(page, "?key=environment&order=AGE");
  const [, pending] = await tags(service, "PENDING");
  if (!pending) throw new Error("fewer than two tags wait");
  const other = page.locator(`[id$="${pending.id}"]`);
  await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true }).first()).toBeVisible();
  await decide(service, "approveTags", [pending.id], "ann");
  await expect(other.getByText("approved by ann")).toBeVisible();
  await expect(other).toHaveCount(0);
});

test("a tag that another person deletes leaves the list, and says so", async ({ page, service }) => {
  const { resources } = await service.query<{ resources: { nodes: { id: string }[] } }>(
    "{ resources(first: 1, filter: { cloud: GCP }) { nodes { id } } }",
  );
  const { createVirtualTag } = await service.query<{ createVirtualTag: { virtualTag: { id: string } } }>(
    "mutation ($input: CreateVirtualTagInput!) { createVirtualTag(input: $input) { virtualTag { id } } }",
    { input: { resourceId: resources.nodes[0]?.id, tagKey: "cost-center", tagValue: "cc-1" } },
  );
  const { id } = createVirtualTag.virtualTag;
  await decide(service, "undoDecisions", [id], "ann");
  await openQueue(page, "?key=cost-center");
  await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true }).first()).toBeVisible();
  await service.query(
    "mutation ($id: ID!) { deleteVirtualTag(input: { id: $id }) { userErrors { message } } }",
    { id },
    { "X-Actor": "ann" },
  );
  await expect(row(page).getByText("deleted by ann")).toBeVisible();
});

test("new rows wait behind a button, and the cursor stays where it is", async ({ page, service }) => {
  const [tag] = await tags(service, "PENDING");
  if (!tag) throw new Error("no tag waits");
  await decide(service, "approveTags", [tag.id], "ann");
  await openQueue(page);
  await page.keyboard.press("j");
  const before = await row(page).getAttribute("id");
  await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true }).first()).toBeVisible();
  await decide(service, "undoDecisions", [tag.id], "ann");
  const pill = page.getByRole("button", { name: /^\d+ new$/ });
  await expect(pill).toBeVisible();
  expect(await row(page).getAttribute("id")).toBe(before);
  await page.keyboard.press("r");
  await expect(pill).toHaveCount(0);
});

test("the third last decision is taken back from the strip", async ({ page, service }) => {
  await openQueue(page);
  for (const key of ["a", "d", "a"]) await page.keyboard.press(key);
  await expect(undoes(page)).toHaveCount(3);
  await expect.poll(() => count(service, "APPROVED")).toBe(2);
  await undoes(page).nth(2).click();
  await expect.poll(() => count(service, "APPROVED")).toBe(1);
  expect(await count(service, "DENIED")).toBe(1);
  await expect(undoes(page)).toHaveCount(2);
});

test("a suggestion is accepted by key, the next one takes its place, and it is taken back", async ({
  page,
  service,
}) => {
  await page.goto("/approvals");
  await loaded(page);
  const { ruleSuggestions } = await service.query<{ ruleSuggestions: { totalCount: number } }>(
    "{ ruleSuggestions(first: 1) { totalCount } }",
  );
  const card = page.getByRole("article");
  await expect(card).toBeVisible();
  const name = (await card.getAttribute("aria-label")) ?? "";
  await page.keyboard.press("Shift+A");
  await expect(page.getByText(`Accepted: ${name}`)).toBeVisible();
  await expect(page.getByRole("article", { name, exact: true })).toHaveCount(0);
  await page.keyboard.press("u");
  await expect(page.getByText(`Taken back: ${name}`)).toBeVisible();
  await expect(page.getByRole("article", { name, exact: true })).toBeVisible();
  expect(ruleSuggestions.totalCount).toBeGreaterThan(0);
});

test("filters are in the address: a link opens the same view, and unknown values are told", async ({ page }) => {
  await openQueue(page, "?key=environment&order=CONFIDENCE_ASC&cloud=IBM");
  await expect(page.getByText(/it was left out: cloud/)).toBeVisible();
  await expect(page.getByLabel("Key")).toHaveValue(/environment/);
  await page.getByRole("link", { name: "Patterns" }).click();
  await expect(page).toHaveURL(/patterns\?key=environment/);
  await page.goBack();
  await expect(page).toHaveURL(/single\?key=environment/);
});
