// Moves the chunks' manifest out of the bundle: it is for `npm run budgets`, not for the service.
import { mkdirSync, renameSync, rmSync } from "node:fs";

mkdirSync("node_modules/.cache", { recursive: true });
renameSync("dist/.vite/manifest.json", "node_modules/.cache/manifest.json");
rmSync("dist/.vite", { recursive: true });
