import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

/** Scripts that need a real service and a browser, and are no tests: `npm run screenshots`, `./bars`. */
export default defineConfig({
  ...base,
  testMatch: ["screenshots.ts", "bars/*.ts"],
  timeout: 1_800_000,
  reporter: [["dot"]],
});
