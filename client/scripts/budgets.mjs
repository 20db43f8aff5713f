// Measures the bundle, compressed as the service sends it (gzip -9), and prints each figure beside its bar.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const size = (path) => gzipSync(readFileSync(`dist/${path}`), { level: 9 }).length / 1000;
const manifest = JSON.parse(readFileSync("node_modules/.cache/manifest.json", "utf8"));
const entry = Object.values(manifest).find((chunk) => chunk.isEntry);

/** Files of a chunk and of everything that it imports at once. */
function files(chunk, seen = new Set()) {
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const name of chunk.imports ?? []) files(manifest[name], seen);
  return seen;
}

const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);
const first = files(entry);
const page = (name) => manifest[`src/pages/${name}/index.tsx`];
const approvals = new Set([...first, ...files(page("approvals"))]);
const rows = [["first load of /approvals", sum(approvals), 260]];
for (const name of readdirSync("src/pages").sort()) {
  const chunk = page(name);
  if (!chunk) continue;
  const added = [...files(chunk)].filter((file) => !first.has(file));
  rows.push([`/${name} adds`, sum(added), name === "rules" ? 160 : 60]);
}
rows.push(["all scripts and styles", sum(readdirSync("dist/assets").map((name) => `assets/${name}`)), 650]);

let over = false;
for (const [name, kilobytes, bar] of rows) {
  over ||= kilobytes > bar;
  console.log(
    `${kilobytes > bar ? "OVER" : "ok  "} ${name.padEnd(28)} ${kilobytes.toFixed(1).padStart(7)} kB of ${bar}`,
  );
}
if (over) process.exit(1);
