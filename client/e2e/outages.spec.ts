import type { Page } from "@playwright/test";
import { Service } from "./support/service.ts";
import { expect, loaded, test as base } from "./support/test.ts";

const secret = "e2e-secret-of-more-than-thirty-two-bytes";

/** Service of its own that wants tokens, and is stopped and killed. */
const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({ JWT_SECRET: secret });
      await service.start();
      await service.settled(admin(service));
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

const admin = (service: Service) => ({ Authorization: `Bearer ${service.token("root", "--role", "admin")}` });
const live = (page: Page) => page.getByRole("img", { name: "Live" }).filter({ visible: true });
const current = (page: Page) => page.locator("[role=row][data-current]");

async function approvedBy(service: Service, actor: string): Promise<number> {
  const { tagAudit } = await service.query<{ tagAudit: { totalCount: number } }>(
    "query ($filter: TagAuditFilter) { tagAudit(first: 1, filter: $filter) { totalCount } }",
    { filter: { action: "APPROVED", actor } },
    admin(service),
  );
  return tagAudit.totalCount;
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function openQueue(page: Page, token: string): Promise<void> {
  await page.goto("/approvals/single");
  await signIn(page, token);
  await loaded(page);
  await expect(current(page)).toBeVisible();
  await expect(live(page)).toBeVisible();
}

/** Presses a key, and waits until it has moved the list on. */
async function decide(page: Page, times: number): Promise<void> {
  for (let press = 0; press < times; press++) {
    const before = (await current(page).getAttribute("id")) ?? "";
    await page.keyboard.press("a");
    await expect(current(page)).not.toHaveAttribute("id", before);
  }
}

test("decisions made without a network are kept, said to be unsaved, and saved when it is back", async ({
  page,
  context,
  service,
  watch,
}) => {
  watch.allow(/401/, /ERR_/, /WebSocket/);
  await openQueue(page, service.token("olga", "--role", "approver"));
  await context.setOffline(true);
  await decide(page, 3);
  await expect(page.getByText("3 decisions are not saved yet.", { exact: false })).toBeVisible();
  expect(await approvedBy(service, "olga")).toBe(0);
  await context.setOffline(false);
  await expect(page.getByText("not saved yet", { exact: false })).toHaveCount(0, { timeout: 20_000 });
  expect(await approvedBy(service, "olga")).toBe(3);
});

test("a killed service loses no decision, and the page comes back by itself", async ({ page, service, watch }) => {
  watch.allow(/401|502|503|500/, /ERR_/, /WebSocket/);
  await openQueue(page, service.token("kim", "--role", "approver"));
  await decide(page, 2);
  await expect.poll(() => approvedBy(service, "kim")).toBe(2);
  await service.stop("SIGKILL");
  await decide(page, 2);
  await expect(page.getByText("The connection to the service is lost.", { exact: false })).toBeVisible();
  await service.start();
  await expect(live(page)).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => approvedBy(service, "kim"), { timeout: 20_000 }).toBe(4);
});

test("a token that ends in the middle of the work is renewed over the page, and no decision is lost", async ({
  page,
  service,
  watch,
}) => {
  watch.allow(/401/, /WebSocket/);
  await openQueue(page, service.token("tim", "--role", "approver", "--ttl", "8s"));
  const login = page.getByRole("dialog").filter({ hasText: "Your session has ended." });
  // Each decision moves on to another row; a key that comes when the login is there moves nothing.
  const rows = new Set<string | null>();
  await expect(async () => {
    rows.add(await current(page).getAttribute("id"));
    await page.keyboard.press("a");
    await expect(login).toBeVisible({ timeout: 500 });
  }).toPass({ intervals: [0], timeout: 60_000 });
  rows.add(await current(page).getAttribute("id"));
  const decided = rows.size - 1;
  await signIn(page, service.token("tim", "--role", "approver"));
  await expect(login).toHaveCount(0);
  await expect.poll(() => approvedBy(service, "tim")).toBe(decided);
  await decide(page, 1);
  await expect.poll(() => approvedBy(service, "tim")).toBe(decided + 1);
});

test("who may access one account sees that one alone", async ({ page, service, watch }) => {
  watch.allow(/401/);
  await page.goto("/resources");
  await signIn(page, service.token("lea", "--role", "approver", "--accounts", "444455556666"));
  await loaded(page);
  const rows = page.getByRole("grid", { name: "Resources" }).getByRole("row");
  await expect(rows.nth(1)).toContainText("444455556666");
  await expect(page.getByRole("grid", { name: "Resources" })).not.toContainText("111122223333");
  await page.goto("/imports");
  await signIn(page, service.token("lea", "--role", "approver", "--accounts", "444455556666"));
  await loaded(page);
  await expect(page.getByRole("button", { name: "Resources", exact: true })).toBeVisible();
  await expect(
    page.getByRole("group", { name: "What the file has" }).getByRole("button", { name: "Cost" }),
  ).toHaveCount(0);
});
