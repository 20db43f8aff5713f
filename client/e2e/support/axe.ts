import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { Result } from "axe-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Violations of the accessibility rules, contrast among them, on the page as it is. */
export async function axe(page: Page, tags = everything): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async (values) => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    return (await axe.run({ runOnly: { type: "tag", values } })).violations;
  }, tags);
  return violations.flatMap((violation: Result) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`),
  );
}
