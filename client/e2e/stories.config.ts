import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

/** Check of all stories: `npm run stories`. It needs no service. */
export default defineConfig({
  ...base,
  testMatch: ["stories.ts"],
  fullyParallel: true,
  workers: 2,
  reporter: [["dot"]],
});
