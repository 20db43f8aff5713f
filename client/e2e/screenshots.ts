// Takes the pictures of the README and of docs/ on a service with the data of an invented company.
import { mkdirSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { company } from "./support/company.ts";
import { decideSome } from "./support/decisions.ts";
import { compressed } from "./support/png.ts";
import { Service } from "./support/service.ts";
import { expect, loaded, test as base } from "./support/test.ts";

const test = base.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service({}, company(2_000));
      await service.start();
      await service.settled();
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 600_000 },
  ],
});

const directory = "../docs/images";

async function take(page: Page, name: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await expect(page.getByRole("img", { name: "Live" }).filter({ visible: true }).first()).toBeVisible();
  const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
  writeFileSync(`${directory}/${name}.png`, compressed(picture));
}

test.use({ viewport: { width: 1200, height: 720 }, colorScheme: "light", reducedMotion: "reduce" });

test("suggestions", async ({ page, service }) => {
  await page.goto("/approvals?key=owner");
  await loaded(page);
  await expect(page.getByRole("article")).toBeVisible();
  await take(page, "suggestions");
  // The model and decisions, for the other pictures.
  await service.learn();
  await decideSome(service);
  await service.settled();
});

test("single tags", async ({ page }) => {
  await page.goto("/approvals/single?key=owner&order=CONFIDENCE_ASC");
  await loaded(page);
  await expect(page.getByRole("region", { name: "Evidence" })).toBeVisible();
  await take(page, "one-by-one");
});

test("dashboard", async ({ page }) => {
  await page.setViewportSize({ width: 1200, height: 580 });
  await page.goto("/");
  await loaded(page);
  await expect(page.getByRole("table", { name: "Coverage", exact: true })).toBeVisible();
  await take(page, "dashboard");
});

test("resource", async ({ page, service }) => {
  const { approvals } = await service.query<{ approvals: { nodes: { resource: { id: string }; tagValue: string }[] } }>(
    '{ approvals(first: 1, filter: { tagKey: "owner" }, order: CONFIDENCE_ASC) { nodes { tagValue resource { id } } } }',
  );
  const [tag] = approvals.nodes;
  if (!tag) throw new Error("no owner is proposed");
  await page.goto(`/resources/${tag.resource.id}`);
  await loaded(page);
  await page.getByRole("button", { name: `why owner=${tag.tagValue}?` }).click();
  await expect(page.getByRole("list", { name: "Evidence" })).toBeVisible();
  await take(page, "resource");
});
