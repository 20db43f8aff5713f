// graphql-codegen's client preset types the operations of a single-page application, tsc checks them strictly, and
// what it compiled runs against the service.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ApolloClient, HttpLink, InMemoryCache, split } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition } from "@apollo/client/utilities/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { inventory, startService, until } from "../support/service.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));

let service;
let token;

before(async () => {
  service = await startService();
  token = await service.token();
  await service.importInventory(token, inventory(6));
});
after(() => service?.stop());

/** Runs a tool of this folder; what it says is the message when it fails. */
async function tool(name, ...args) {
  const path = `${here}node_modules/.bin/${name}`;
  await promisify(execFile)(path, args, { cwd: here }).catch(({ stdout, stderr }) =>
    assert.fail(`${name}\n${stdout}${stderr}`),
  );
}

test("the operations fit the schema and get types", async () => {
  await rm(`${here}generated`, { recursive: true, force: true });
  await tool("graphql-codegen", "--config", "codegen.mjs");
});

test("tsc --strict takes what uses them", async () => {
  await tool("tsc", "--project", "tsconfig.json");
});

test("they do what the pages want", async () => {
  const queue = await import("../generated/build/operations/queue.js");
  const pages = await import("../generated/build/operations/overview.js");
  const socket = createClient({
    url: service.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
  });
  const isSubscription = ({ query }) => getMainDefinition(query).operation === "subscription";
  const http = new HttpLink({ uri: service.url, headers: { authorization: `Bearer ${token}` } });
  const client = new ApolloClient({
    link: split(isSubscription, new GraphQLWsLink(socket), http),
    cache: new InMemoryCache(),
  });
  const actions = [];
  const figures = [];
  const leave = pages.live(client, (action) => actions.push(action), (pending) => figures.push(pending));

  const page = await queue.queuePage(client, 3, null, { cloud: "AWS" }, "CONFIDENCE_DESC");
  assert.equal(page.rows.length, 3);
  const second = await queue.queuePage(client, 3, page.next, { cloud: "AWS" }, "CONFIDENCE_DESC");
  assert.notEqual(second.rows[0].id, page.rows[0].id);
  const { who, resources, pending } = await pages.overview(client);
  assert.deepEqual([who, resources, pending], ["ada", 6, page.pending]);

  await until("the first figures", 5_000, () => figures.length > 0);
  const id = page.rows[0].id;
  await until("an approval is heard of", 10_000, async () => {
    await queue.approve(client, [id], "as named");
    await queue.undo(client, [id]);
    return actions.includes("APPROVED") && actions.includes("UNDONE");
  });
  assert.equal(await queue.approve(client, [id], "as named"), 1);
  assert.equal(await queue.approve(client, [id], "as named"), 0);
  const [group] = await queue.groups(client, 10);
  assert.equal(await queue.denyGroup(client, group), group.count);
  await until("the figures follow", 5_000, () => figures.at(-1) === pending - 1 - group.count);

  assert.equal(await pages.runToItsEnd(client), "SUCCEEDED");
  assert.deepEqual(await pages.ruleNames(client), []);
  const { resources: list } = await service.data(token, "{ resources(first: 1) { nodes { id } } }");
  assert.ok((await pages.resourceTags(client, list.nodes[0].id)).includes("environment"));
  leave();
  client.stop();
  await socket.dispose();
});
