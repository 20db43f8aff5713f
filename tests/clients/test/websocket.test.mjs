// graphql-ws as it is, over the real websocket: operations, refusals, and coming back without losing an event.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { inventory, startService, until } from "../support/service.mjs";

// The server pings every twelve seconds.
const PING_TIME = 15_000;

let service;
let token;

before(async () => {
  service = await startService();
  token = await service.token();
  await service.importInventory(token, inventory(4));
});
after(() => service?.stop());

/** A client as a page makes it. */
function connect(options = {}) {
  return createClient({
    url: service.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ Authorization: `Bearer ${token}` }),
    retryAttempts: 0,
    ...options,
  });
}

/** The only answer of a query or mutation. */
async function ask(client, payload) {
  const answers = [];
  for await (const answer of client.iterate(payload)) answers.push(answer);
  assert.equal(answers.length, 1);
  return answers[0];
}

/** How an iteration fails. */
async function refusal(client, payload) {
  try {
    for await (const answer of client.iterate(payload)) assert.fail(JSON.stringify(answer));
  } catch (error) {
    return error;
  }
  return assert.fail("there was an answer");
}

describe("operations", () => {
  test("a query and a mutation", async () => {
    const client = connect();
    const query = "query Queue($first: Int!) { viewer { subject } approvals(first: $first) { nodes { id } } }";
    const { data } = await ask(client, { query, variables: { first: 1 } });
    assert.equal(data.viewer.subject, "ada");
    const mutation = `mutation Approve($ids: [ID!]!) { approveTags(input: { ids: $ids }) { decided } }`;
    const ids = data.approvals.nodes.map((node) => node.id);
    const answer = await ask(client, { query: mutation, variables: { ids } });
    assert.deepEqual(answer.data, { approveTags: { decided: 1 } });
    await client.dispose();
  });

  test("a subscription tells first how things are, then what changes, until it is left", async () => {
    const client = connect();
    const query = "subscription Stats { approvalStats { pending } }";
    const pending = [];
    for await (const { data } of client.iterate({ query })) {
      pending.push(data.approvalStats.pending);
      if (pending.length === 2) break;
      const { approvals } = await service.data(token, "{ approvals(first: 1) { nodes { id } } }");
      const mutation = "mutation ($ids: [ID!]!) { denyTags(input: { ids: $ids }) { decided } }";
      await service.data(token, mutation, { ids: [approvals.nodes[0].id] });
    }
    assert.equal(pending[1], pending[0] - 1);
    // The same socket goes on.
    assert.equal((await ask(client, { query: "{ __typename }" })).data.__typename, "Query");
    await client.dispose();
  });

  test("a request that is refused comes as an error frame, and the socket stays", async () => {
    let closed = 0;
    const client = connect({ lazy: false, on: { closed: () => (closed += 1) } });
    for (const [query, code] of [
      ["{", "GRAPHQL_PARSE_FAILED"],
      ["{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
      ["subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"],
      ["query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"],
      ["query ($first: Int!) { approvals(first: $first) { totalCount } }", "BAD_USER_INPUT"],
    ]) {
      const errors = await refusal(client, { query });
      assert.ok(Array.isArray(errors), query);
      assert.equal(errors[0].extensions.code, code, query);
      assert.equal(typeof errors[0].extensions.requestId, "string");
    }
    assert.equal((await ask(client, { query: "{ __typename }" })).data.__typename, "Query");
    assert.equal(closed, 0);
    await client.dispose();
  });

  test("pings go both ways", async () => {
    let pongs = 0;
    let pings = 0;
    const client = connect({
      lazy: false,
      keepAlive: 500,
      on: {
        ping: (received) => (pings += received ? 1 : 0),
        pong: (received) => (pongs += received ? 1 : 0),
      },
    });
    await until("pongs", PING_TIME, () => pongs > 2);
    await until("a ping", PING_TIME, () => pings > 0);
    await client.dispose();
  });

  test("a wrong token is closed with 4403", async () => {
    const client = connect({ connectionParams: { Authorization: "Bearer nonsense" } });
    const close = await refusal(client, { query: "{ __typename }" });
    assert.deepEqual([close.code, close.reason], [4403, "Forbidden"]);
  });

  test("two with the same id are closed with 4409, the first included", async () => {
    const client = connect({ generateID: () => "same" });
    const query = "subscription { approvalStats { pending } }";
    const first = client.iterate({ query });
    await first.next();
    const close = await refusal(client, { query });
    assert.equal(close.code, 4409);
    await assert.rejects(async () => first.next(), { code: 4409 });
  });
});

/**
 * Reads the events as a page does that must miss none: the variables of its one subscription always name the last
 * cursor, so that the client, when it subscribes again by itself, resumes there.
 */
function follow(options) {
  const seen = [];
  const closes = [];
  const client = connect({
    retryAttempts: Infinity,
    // As its documentation has it for connections that cannot be made, too.
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
    on: { closed: ({ code }) => closes.push({ code, at: Date.now() }) },
    ...options,
  });
  const variables = {};
  const query = `subscription Events($after: String) {
    approvalEvents(after: $after) { cursor events { change { id } } }
  }`;
  const failure = new Promise((_, reject) => {
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors) return reject(errors);
          variables.after = data.approvalEvents.cursor;
          seen.push(...data.approvalEvents.events.map((event) => event.change.id));
        },
        error: reject,
        complete: () => {},
      },
    );
  });
  return { seen, closes, failure, end: () => client.dispose() };
}

/** Makes one tag after another until it is told to stop; what fails is tried again, as another tag. */
function write(resource, prefix) {
  const state = { isOver: false, written: 0 };
  const loop = async () => {
    const mutation = `mutation ($input: CreateVirtualTagInput!) {
      createVirtualTag(input: $input) { virtualTag { id } userErrors { message } }
    }`;
    for (let number = 0; !state.isOver; number += 1) {
      const input = { resourceId: resource, tagKey: `${prefix}-${number}`, tagValue: "x" };
      // It is away while it is started anew.
      await service.data(token, mutation, { input }).then(
        () => (state.written += 1),
        () => new Promise((resolve) => setTimeout(resolve, 20)),
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const done = loop();
  state.stop = async () => {
    state.isOver = true;
    await done;
  };
  return state;
}

/** The ids of all rows of the trail, in the order in which they were written. */
async function trail() {
  const query = `query ($after: String) {
    tagAudit(first: 200, after: $after, order: OLDEST) { nodes { id } pageInfo { hasNextPage endCursor } }
  }`;
  const ids = [];
  for (let after; ; ) {
    const { tagAudit } = await service.data(token, query, { after });
    ids.push(...tagAudit.nodes.map((node) => node.id));
    if (!tagAudit.pageInfo.hasNextPage) return ids;
    after = tagAudit.pageInfo.endCursor;
  }
}

/** Follows the events while something happens to the socket, and demands each change of that time, once. */
async function loseNothing(prefix, options, happen) {
  const { resources } = await service.data(token, "{ resources(first: 1) { nodes { id } } }");
  const reader = follow(options);
  const writer = write(resources.nodes[0].id, prefix);
  const work = async () => {
    await until("the first event", 10_000, () => reader.seen.length > 0);
    await happen(reader, writer);
    const written = writer.written;
    await until("events afterwards", 30_000, () => writer.written > written + 5);
    await writer.stop();
    const expected = await trail();
    const begin = expected.indexOf(reader.seen[0]);
    const rest = expected.slice(begin);
    await until("the last event", 10_000, () => reader.seen.length >= rest.length);
    assert.deepEqual(reader.seen, rest);
    assert.ok(rest.length > 10, `${rest.length} events`);
  };
  try {
    await Promise.race([work(), reader.failure]);
  } finally {
    await writer.stop();
    await reader.end();
  }
}

describe("coming back", () => {
  test("an expired token: 4403, a new token, and no event lost or doubled", async () => {
    const ttl = 4;
    const expiries = [];
    const connectionParams = async () => {
      const fresh = await service.token({ sub: "eve", role: "viewer", ttl: `${ttl}s` });
      const payload = JSON.parse(Buffer.from(fresh.split(".")[1], "base64url"));
      expiries.push(payload.exp * 1000);
      return { Authorization: `Bearer ${fresh}` };
    };
    await loseNothing("expiry", { connectionParams }, async (reader) => {
      await until("two expiries", 30_000, () => reader.closes.length === 2);
      for (const [index, { code, at }] of reader.closes.entries()) {
        assert.equal(code, 4403);
        assert.ok(at - expiries[index] < 5_000, `closed ${at - expiries[index]} ms after the end`);
      }
    });
  });

  test("a restart: 1012, and no event lost or doubled", async () => {
    await loseNothing("restart", {}, async (reader) => {
      const seen = reader.seen.length;
      await service.halt();
      assert.equal(reader.closes[0]?.code, 1012);
      await service.start();
      await until("events after the restart", 30_000, () => reader.seen.length > seen + 5);
    });
  });

  test("a connection that breaks off: no event lost or doubled", async () => {
    let socket;
    const options = { on: { opened: (opened) => (socket = opened) } };
    await loseNothing("break", options, async (reader) => {
      const broken = socket;
      const seen = reader.seen.length;
      broken.terminate();
      await once(broken, "close");
      await until("another connection", 10_000, () => socket !== broken);
      await until("events after the break", 30_000, () => reader.seen.length > seen + 5);
    });
  });
});
