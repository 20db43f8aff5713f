import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { axe } from "./axe.ts";
import { Service } from "./service.ts";

/** Faults that no page may have: messages in the console, errors, requests to other hosts. */
export class PageMonitor {
  readonly #faults: string[] = [];
  #allowed: RegExp[] = [];

  constructor(page: Page) {
    page.on("console", (message) => {
      if (message.type() !== "debug") this.#add(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => this.#add(`error: ${error.message}`));
    page.on("request", (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (!["127.0.0.1", "localhost"].includes(hostname) && protocol !== "data:")
        this.#add(`foreign: ${request.url()}`);
    });
  }

  #add(fault: string): void {
    this.#faults.push(fault);
  }

  /** Expects messages that the browser itself writes, as while the service is stopped. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  faults(): string[] {
    return this.#faults.filter((fault) => !this.#allowed.some((pattern) => pattern.test(fault)));
  }
}

const dist = process.env.DIST;

/** Serves the bundle in the directory `DIST` in place of the embedded one: no service has to be built for a change of it. */
export async function serveBundle(context: BrowserContext): Promise<void> {
  if (dist === undefined) return;
  await context.route("**/assets/**", (route) =>
    route.fulfill({ path: join(dist, new URL(route.request().url()).pathname) }),
  );
  await context.route("**/*", async (route) => {
    if (route.request().resourceType() !== "document") return route.fallback();
    const response = await route.fetch();
    const nonce = /'nonce-([^']+)'/.exec(response.headers()["content-security-policy"] ?? "")?.[1];
    if (nonce === undefined) return route.fulfill({ response });
    const page = readFileSync(join(dist, "index.html"), "utf8").replaceAll("CSP_NONCE_PLACEHOLDER", nonce);
    return route.fulfill({ response, body: page });
  });
}

interface Fixtures {
  watch: PageMonitor;
}

interface WorkerFixtures {
  service: Service;
}

/** Test with a running service whose inventory is evaluated, on a page that is watched. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const service = new Service();
      await service.start();
      await service.settled();
      await provide(service);
      await service.end();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  context: async ({ context }, provide) => {
    await serveBundle(context);
    await provide(context);
  },
  baseURL: async ({ service }, provide) => provide(service.address),
  watch: [
    async ({ page }, provide) => {
      const watch = new PageMonitor(page);
      await provide(watch);
      expect(watch.faults()).toEqual([]);
    },
    { auto: true },
  ],
});

/** Test with a service of its own, which starts as `start` does. */
export const testWith = (make: () => Service, start: (service: Service) => Promise<void>) =>
  test.extend<object, WorkerFixtures>({
    service: [
      // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
      async ({}, provide) => {
        const service = make();
        await start(service);
        await provide(service);
        await service.end();
      },
      { scope: "worker", timeout: 180_000 },
    ],
  });

/** Waits until the page shows its data. */
export async function loaded(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Loading" })).toHaveCount(0);
  await expect(page.locator(".MuiSkeleton-root")).toHaveCount(0);
}

export { axe, expect };
