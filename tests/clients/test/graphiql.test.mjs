// GraphiQL as the binary serves it, in a headless Chromium: CHROMIUM names it, or one that is installed is taken.
import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { inventory, startService, until } from "../support/service.mjs";

const CHROMIUM = await findChromium();
const skip = CHROMIUM ? false : "there is no Chromium on this machine";

let open;
let closed;
let token;
let browser;

before(async () => {
  if (skip) return;
  [open, closed] = await Promise.all([startService({ JWT_SECRET: "" }), startService()]);
  token = await closed.token();
  await Promise.all([open.importInventory("nobody", inventory(4)), closed.importInventory(token, inventory(4))]);
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    // Root, as whom CI may run, cannot have its sandbox.
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
  });
});
after(async () => {
  await browser?.close();
  await Promise.all([open?.stop(), closed?.stop()]);
});

async function findChromium() {
  const names = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  for (const name of names) {
    const isThere = name && (await access(name).then(() => true, () => false));
    if (isThere) return name;
  }
  return undefined;
}

/** The page, with all that went wrong on it. */
async function show(service) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const faults = [];
  const hosts = new Set();
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    // Fonts are within the styles.
    if (protocol !== "data:") hosts.add(host);
  });
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.setViewport({ width: 1400, height: 900 });
  await page.goto(service.url);
  await page.waitForSelector(".graphiql-query-editor .CodeMirror");
  return { page, faults, hosts, close: () => context.close() };
}

/** Writes into an editor. */
async function write(page, editor, text) {
  const set = (element, value) => element.CodeMirror.setValue(value);
  await page.$eval(`${editor} .CodeMirror`, set, text);
  await settle();
}

/** The page looks at what was written when nothing more comes for a moment. */
function settle() {
  return new Promise((resolve) => setTimeout(resolve, 500));
}

/** What the last answer says. */
function result(page) {
  return page.$eval(".result-window .CodeMirror", (element) => element.CodeMirror.getValue());
}

async function run(page, query) {
  await write(page, ".graphiql-query-editor", query);
  await page.click(".graphiql-execute-button");
}

async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png` });
}

const LIVE = "subscription { approvalEvents { events { change { action tagKey } } } }";

/** Makes tags until the page shows one. */
async function seesChanges(page, service, credentials) {
  const { resources } = await service.data(credentials, "{ resources(first: 1) { nodes { id } } }");
  const mutation = "mutation ($input: CreateVirtualTagInput!) { createVirtualTag(input: $input) { userErrors { message } } }";
  let number = 0;
  await until("an event on the page", 10_000, async () => {
    number += 1;
    const input = { resourceId: resources.nodes[0].id, tagKey: `seen-${number}`, tagValue: "x" };
    await service.data(credentials, mutation, { input });
    return (await result(page)).includes('"tagKey": "seen-');
  });
}

test("it loads whole from this host, breaks no policy, and knows the schema", { skip }, async () => {
  const { page, faults, hosts, close } = await show(open);
  await page.waitForFunction(() => !document.querySelector(".graphiql-spinner"));
  await run(page, "{ viewer { subject role } }");
  await until("an answer", 10_000, async () => (await result(page)).includes('"ADMIN"'));
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.waitForSelector(".graphiql-doc-explorer-content");
  await until("the schema", 10_000, async () => {
    const text = await page.$eval(".graphiql-doc-explorer-content", (element) => element.textContent);
    return text.includes("Subscription");
  });
  await picture(page, "open");
  assert.deepEqual(faults, []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  assert.deepEqual([...hosts], [new URL(open.url).host]);
  await close();
});

test("the examples are its first tabs, and each is valid", { skip }, async () => {
  const { page, faults, close } = await show(open);
  const names = await page.$$eval(".graphiql-tab-button", (tabs) => tabs.map((tab) => tab.textContent));
  assert.deepEqual(names, ["Queue", "Live", "Groups", "ApproveEnvironments", "TryRule", "Discover"]);
  for (const [index, name] of names.entries()) {
    await page.click(`.graphiql-tab:nth-of-type(${index + 1}) .graphiql-tab-button`);
    await until(`the tab ${name}`, 5_000, async () => {
      const text = await page.$eval(".graphiql-query-editor .CodeMirror", (each) => each.CodeMirror.getValue());
      return text.includes(name);
    });
    await settle();
    await page.click(".graphiql-execute-button");
    if (name === "Live") {
      await seesChanges(page, open, "nobody");
      // It runs until it is stopped.
      await page.click(".graphiql-execute-button");
      continue;
    }
    await until(`an answer to ${name}`, 10_000, async () => (await result(page)).includes('"data"'));
    const answer = JSON.parse(await result(page));
    assert.equal(answer.errors, undefined, JSON.stringify(answer));
  }
  await picture(page, "examples");
  assert.deepEqual(faults, []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  await close();
});

test("the token of the headers editor goes with requests and with the websocket", { skip }, async () => {
  const { page, close } = await show(closed);
  await run(page, "{ viewer { subject } }");
  await until("a refusal", 10_000, async () => (await result(page)).includes("UNAUTHENTICATED"));
  const headers = JSON.stringify({ Authorization: `Bearer ${token}` });
  await write(page, '[aria-label="Headers"] .graphiql-editor:not(.hidden)', headers);
  await run(page, "{ viewer { subject } }");
  await until("an answer", 10_000, async () => (await result(page)).includes('"ada"'));
  await run(page, LIVE);
  await seesChanges(page, closed, token);
  await picture(page, "live");
  // The token is in no storage of the browser.
  const stored = await page.evaluate(() => ({ ...localStorage, ...sessionStorage }));
  const secret = Object.entries(stored).filter(([, value]) => value.includes(token));
  assert.deepEqual(secret.map(([name]) => name), []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  await close();
});

test("no other page may frame it, and the headers say so", { skip }, async () => {
  const { headers } = await fetch(open.url, { headers: { accept: "text/html" } });
  const policy = headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-|\*|http/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
});
