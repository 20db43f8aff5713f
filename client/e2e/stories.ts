// Shows each story in both themes: none may write to the console, or be without what assistive technology needs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { axe } from "./support/axe.ts";

const built = "node_modules/.cache/stories";
const host = "http://stories.localhost";

interface StoryIndex {
  entries: Record<string, { id: string; title: string; name: string; type: string; importPath: string }>;
}

const { entries } = JSON.parse(readFileSync(join(built, "index.json"), "utf8")) as StoryIndex;
const stories = Object.values(entries).filter(({ type }) => type === "story");

test("each shared component has a story", () => {
  const shared = ["src/components", "src/keys"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^[A-Z]\w+\.tsx$/.test(name) && !name.endsWith("Provider.tsx"))
      .map((name) => join(folder, name)),
  );
  expect(shared.filter((path) => !existsSync(path.replace(/\.tsx$/, ".stories.tsx")))).toEqual([]);
});

for (const { id, title, name } of stories) {
  test(`${title}: ${name}`, async ({ page }) => {
    const faults: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(error.message));
    await page.route("**/*", (route) => {
      const { origin, pathname } = new URL(route.request().url());
      return origin === host ? route.fulfill({ path: join(built, pathname) }) : route.abort();
    });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(`${host}/iframe.html?id=${id}&viewMode=story`);
      // A story may be a word, or a dialog beside the page.
      await page.waitForFunction(
        () =>
          document.querySelector("#storybook-root main")?.hasChildNodes() || document.querySelector("[role=dialog]"),
      );
      await expect(page.locator(".MuiSkeleton-root")).toHaveCount(0);
      expect(await axe(page, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])).toEqual([]);
    }
    expect(faults).toEqual([]);
  });
}
