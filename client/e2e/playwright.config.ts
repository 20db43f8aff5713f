import { defineConfig } from "@playwright/test";

/** Runs against the service in `BIN`, each worker with a service, a database and a port of its own. */
export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  workers: Number(process.env.E2E_WORKERS ?? 1),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    viewport: { width: 1400, height: 900 },
    trace: "off",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Pages of `DIST` come from no address, and may not reach a local one otherwise.
      args: process.env.DIST === undefined ? [] : ["--disable-features=LocalNetworkAccessChecks"],
    },
  },
});
