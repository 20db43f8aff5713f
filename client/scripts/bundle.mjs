// Writes the documents of the client beside the bundle, as TRUSTED_DOCUMENTS of the service takes them: {sha256: document}.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

const documents = JSON.parse(readFileSync("src/gql/persisted-documents.json", "utf8"));
const entries = Object.entries(documents)
  .map(([id, document]) => [id.replace(/^sha256:/, ""), document])
  .sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync("dist/documents.json", `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);

// The chunks' manifest is for `npm run budgets`, not for the service.
mkdirSync("node_modules/.cache", { recursive: true });
renameSync("dist/.vite/manifest.json", "node_modules/.cache/manifest.json");
rmSync("dist/.vite", { recursive: true });
