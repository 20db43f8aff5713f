import { Service } from "./support/service.ts";
import { expect, loaded, test as base } from "./support/test.ts";

const secret = "e2e-secret-of-more-than-thirty-two-bytes";

/** Service that wants tokens. */
const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({ JWT_SECRET: secret });
      await service.start();
      await service.settled({ Authorization: `Bearer ${service.token("root", "--role", "admin")}` });
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

test("a viewer signs in with a token, and finds no control that the service would refuse", async ({
  page,
  service,
  watch,
}) => {
  watch.allow(/401/);
  await page.goto("/settings/vocabulary");
  await page.getByLabel("Token").fill(service.token("vera", "--role", "viewer"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText("Administrators change the vocabulary.")).toBeVisible();
  await loaded(page);
  await expect(page.getByRole("button", { name: /^Edit/ })).toHaveCount(0);
  const stored = await page.evaluate(() => JSON.stringify([{ ...window.localStorage }, { ...window.sessionStorage }]));
  expect(stored).not.toContain("eyJ");
  await page.getByRole("button", { name: "User" }).click();
  await expect(page.getByText("Role: viewer")).toBeVisible();
});

test("a viewer selects rows, and is offered no decision on them or on all that match", async ({
  page,
  service,
  watch,
}) => {
  watch.allow(/401/);
  await page.goto("/approvals/single?key=environment");
  await page.getByLabel("Token").fill(service.token("vera", "--role", "viewer"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await loaded(page);
  await expect(page.getByRole("row").first()).toBeVisible();
  await page.keyboard.press("*");
  await page.keyboard.press("*");
  await page.waitForLoadState("networkidle");
  await expect(page.getByRole("button", { name: /^(Approve|Deny) / })).toHaveCount(0);
});

test("an administrator finds the controls", async ({ page, service, watch }) => {
  watch.allow(/401/);
  await page.goto("/settings/vocabulary");
  await page.getByLabel("Token").fill(service.token("ada", "--role", "admin"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("button", { name: "Edit team" })).toBeVisible();
});

test("a token that the service refuses brings the login back", async ({ page, watch }) => {
  watch.allow(/401/, /WebSocket/, /4403/);
  await page.goto("/");
  await page.getByLabel("Token").fill("not-a-token");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText("Your session has ended.", { exact: false })).toBeVisible();
});

test("the page comes back by itself after a restart of the service", async ({ page, service, watch }) => {
  watch.allow(/401|502|503|500/, /ERR_/, /WebSocket/);
  await page.goto("/settings/appearance");
  await page.getByLabel("Token").fill(service.token("ada", "--role", "admin"));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  const live = page.getByRole("img", { name: "Live" }).filter({ visible: true });
  await expect(live).toBeVisible();
  await service.stop();
  await expect(page.getByText("The connection to the service is lost.", { exact: false })).toBeVisible();
  await service.start();
  await expect(live).toBeVisible({ timeout: 15_000 });
  await expect(page.getByText("The connection to the service is lost.", { exact: false })).toHaveCount(0);
});
