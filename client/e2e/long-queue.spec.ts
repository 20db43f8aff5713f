import { company } from "./support/company.ts";
import { Service } from "./support/service.ts";
import { expect, loaded, testWith } from "./support/test.ts";

/** Service with patterns of more than a thousand tags. */
const test = testWith(
  () => new Service({}, company(9_000)),
  async (service) => {
    await service.start();
    await service.settled();
  },
);

interface Group {
  tagKey: string;
  tagValue: string;
  source: string;
  evidenceSignature: string;
  count: number;
}

const largest = async (service: Service): Promise<Group> => {
  const { approvalGroups } = await service.query<{ approvalGroups: { nodes: Group[] } }>(
    `{ approvalGroups(first: 100, order: IMPACT) {
         nodes { tagKey tagValue source evidenceSignature count } } }`,
  );
  const [group] = approvalGroups.nodes.sort((one, other) => other.count - one.count);
  if (!group || group.count <= 1_000) throw new Error("no pattern is large");
  return group;
};

const count = async (service: Service, status: string, { tagKey, tagValue }: Group): Promise<number> => {
  const { virtualTags } = await service.query<{ virtualTags: { totalCount: number } }>(
    "query ($filter: VirtualTagFilter) { virtualTags(first: 1, filter: $filter) { totalCount } }",
    { filter: { status, tagKey, tagValue } },
  );
  return virtualTags.totalCount;
};

const address = ({ tagKey, tagValue, source, evidenceSignature }: Group) =>
  `/approvals/patterns?${new URLSearchParams({ key: tagKey, value: tagValue, source, signature: evidenceSignature }).toString()}`;

test("a pattern of more than a thousand tags is approved by a run, which is followed, and taken back", async ({
  page,
  service,
}) => {
  const group = await largest(service);
  await page.goto(address(group));
  await loaded(page);
  await page.getByRole("button", { name: /^Approve [\d,]+ tags/ }).click();
  const run = page.getByRole("region", { name: "Runs" }).getByRole("alert");
  await expect(run).toContainText(`${group.tagKey}=${group.tagValue}: succeeded`, { timeout: 30_000 });
  expect(await count(service, "APPROVED", group)).toBe(group.count);
  await run.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "Bulk decision, succeeded" })).toBeVisible();
  await page.getByRole("button", { name: "Undo all its decisions" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Undo the decisions" }).click();
  await expect.poll(() => count(service, "APPROVED", group), { timeout: 30_000 }).toBe(0);
});

test("a tag that another denies after a pattern was shown is not approved with it", async ({ page, service }) => {
  const group = await largest(service);
  await page.goto(address(group));
  await loaded(page);
  await expect(page.getByRole("button", { name: /^Approve [\d,]+ tags/ })).toBeEnabled();
  const { virtualTags } = await service.query<{ virtualTags: { nodes: { id: string }[] } }>(
    "query ($filter: VirtualTagFilter) { virtualTags(first: 1, filter: $filter) { nodes { id } } }",
    { filter: { status: "PENDING", tagKey: group.tagKey, tagValue: group.tagValue } },
  );
  const ids = virtualTags.nodes.map(({ id }) => id);
  await service.query("mutation ($ids: [ID!]) { denyTags(input: { ids: $ids }) { decided } }", { ids });
  await page.keyboard.press("a");
  await expect
    .poll(() => count(service, "APPROVED", group), { timeout: 30_000 })
    .toBeGreaterThanOrEqual(group.count - 1);
  expect(await count(service, "DENIED", group)).toBe(1);
});

test("what is denied does not come back when all is evaluated again", async ({ page, service }) => {
  await page.goto("/approvals/single?key=environment");
  await loaded(page);
  const row = page.locator("[role=row][data-current]");
  const text = (await row.getAttribute("id")) ?? "";
  const id = text.replace(/^.*?(?=Vmly)/, "");
  await page.keyboard.press("d");
  await expect(row).not.toHaveAttribute("id", text);
  const status = async () => {
    const { node } = await service.query<{ node: { approvalStatus: string } }>(
      "query ($id: ID!) { node(id: $id) { ... on VirtualTag { approvalStatus } } }",
      { id },
    );
    return node.approvalStatus;
  };
  await expect.poll(status).toBe("DENIED");
  await page.goto("/automation");
  await page.getByRole("button", { name: "Evaluate now" }).click();
  await expect(page.getByText("An evaluation is requested")).toBeVisible();
  await service.idle();
  expect(await status()).toBe("DENIED");
  await page.goto("/approvals/single?key=environment");
  await loaded(page);
  await expect(page.locator(`[id$="${id}"]`)).toHaveCount(0);
});
