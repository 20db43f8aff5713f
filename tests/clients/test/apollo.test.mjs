// Apollo Client 3.12 as a single-page application sets it up.
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql, split } from "@apollo/client/core/index.js";
import { onError } from "@apollo/client/link/error/index.js";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition, relayStylePagination } from "@apollo/client/utilities/index.js";
import createUploadLink from "apollo-upload-client/createUploadLink.mjs";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { inventory, startService, until } from "../support/service.mjs";

const RESOURCES = 60;

let service;
let token;

before(async () => {
  service = await startService();
  token = await service.token();
  await service.importInventory(token, inventory(RESOURCES));
});
after(() => service?.stop());

/** The cache knows which objects are one by their global ids alone. */
function cache() {
  return new InMemoryCache({
    possibleTypes: {
      Node: ["ApiToken", "JobRun", "MlInference", "Resource", "Rule", "Schedule", "TagAudit", "VirtualTag"],
    },
    typePolicies: {
      Query: {
        fields: {
          approvals: relayStylePagination(["filter", "order"]),
          resources: relayStylePagination(["filter", "order"]),
        },
      },
    },
  });
}

/** What links that go over HTTP have in common. `sent` gathers the requests that leave. */
function http(sent = []) {
  return {
    uri: service.url,
    headers: { authorization: `Bearer ${token}` },
    fetch: (url, options) => {
      sent.push(options);
      return fetch(url, options);
    },
  };
}

function connect(link = new HttpLink(http()), options = {}) {
  return new ApolloClient({ link, cache: cache(), ...options });
}

const QUEUE = gql`
  query Queue($first: Int, $after: String, $filter: ApprovalFilter) {
    approvals(first: $first, after: $after, filter: $filter) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          tagKey
          approvalStatus
          resource {
            id
            name
          }
        }
      }
    }
  }
`;

const RESOURCE_PAGES = gql`
  query Resources($first: Int, $after: String) {
    resources(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          name
        }
      }
    }
  }
`;

for (const [field, query, first] of [
  ["approvals", QUEUE, 9],
  ["resources", RESOURCE_PAGES, 7],
]) {
  test(`relayStylePagination gathers all pages of ${field}, none doubled`, async () => {
    const client = connect();
    const list = client.watchQuery({ query, variables: { first } });
    let pages = 1;
    await list.result();
    for (;;) {
      const { pageInfo } = list.getCurrentResult().data[field];
      if (!pageInfo.hasNextPage) break;
      await list.fetchMore({ variables: { after: pageInfo.endCursor } });
      pages += 1;
    }
    const { edges, totalCount } = list.getCurrentResult().data[field];
    assert.ok(pages > 3, `${pages} pages`);
    assert.equal(edges.length, totalCount);
    assert.equal(pages, Math.ceil(totalCount / first));
    assert.equal(new Set(edges.map((edge) => edge.node.id)).size, totalCount);
    client.stop();
  });
}

test("what a mutation returns changes the lists that show it, by its global id", async () => {
  const client = connect();
  const list = client.watchQuery({ query: QUEUE, variables: { first: 3 } });
  const shown = [];
  const subscription = list.subscribe(({ data }) => {
    shown.push(data.approvals.edges.map((edge) => edge.node.approvalStatus));
  });
  const { data } = await list.result();
  const [{ node }] = data.approvals.edges;
  const { data: answer } = await client.mutate({
    mutation: gql`
      mutation Approve($input: ApproveTagsInput!) {
        approveTags(input: $input) {
          decided
          results {
            outcome
            tag {
              id
              approvalStatus
              decidedBy
            }
          }
          userErrors {
            code
            field
            message
          }
        }
      }
    `,
    variables: { input: { ids: [node.id], reason: "as named" } },
  });
  assert.equal(answer.approveTags.decided, 1);
  assert.deepEqual(answer.approveTags.userErrors, []);
  await until("the list shows it", 5_000, () => shown.at(-1)?.[0] === "APPROVED");
  assert.deepEqual(shown.at(-1), ["APPROVED", "PENDING", "PENDING"]);
  // The resource is one object, whether it comes with a tag or as a node.
  await client.query({
    query: gql`
      query Node($id: ID!) {
        node(id: $id) {
          id
          ... on Resource {
            name
            region
          }
        }
      }
    `,
    variables: { id: node.resource.id },
  });
  const stored = client.cache.extract()[`Resource:${node.resource.id}`];
  assert.equal(stored.name, node.resource.name);
  assert.ok("region" in stored);
  subscription.unsubscribe();
  client.stop();
});

test("automatic persisted queries: the hash alone is enough the second time", async () => {
  const sent = [];
  const apq = () =>
    createPersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") });
  const query = gql`
    query Persisted {
      viewer {
        subject
        role
      }
    }
  `;
  const ask = async () => {
    sent.length = 0;
    // Another page of the same application: nothing is in its cache, and it has not given up on hashes.
    const client = connect(apq().concat(new HttpLink(http(sent))));
    const { data } = await client.query({ query });
    assert.equal(data.viewer.subject, "ada");
    client.stop();
    return sent.map(({ body }) => JSON.parse(body));
  };
  const first = await ask();
  assert.equal(first.length, 2);
  assert.equal(first[0].query, undefined);
  assert.equal(typeof first[1].query, "string");
  assert.equal(typeof first[1].extensions.persistedQuery.sha256Hash, "string");
  const second = await ask();
  assert.equal(second.length, 1);
  assert.equal(second[0].query, undefined);
  assert.equal(typeof second[0].extensions.persistedQuery.sha256Hash, "string");
});

test("an upload imports an inventory", async () => {
  const link = createUploadLink({
    ...http(),
    headers: { authorization: `Bearer ${token}`, "apollo-require-preflight": "true" },
  });
  const client = connect(link);
  const upload = async (csv, dryRun) => {
    const { data } = await client.mutate({
      mutation: gql`
        mutation Import($file: Upload!, $dryRun: Boolean!) {
          importInventory(input: { file: $file, dryRun: $dryRun }) {
            run {
              id
            }
            userErrors {
              message
            }
          }
        }
      `,
      variables: { file: new File([csv], "more.csv", { type: "text/csv" }), dryRun },
    });
    assert.deepEqual(data.importInventory.userErrors, []);
    await service.quiet(token);
    const run = await client.query({
      query: gql`
        query Run($id: ID!) {
          jobRun(id: $id) {
            id
            status
            importPlan {
              inserted
              updated
              unchanged
              rejected
            }
          }
        }
      `,
      variables: { id: data.importInventory.run.id },
    });
    assert.equal(run.data.jobRun.status, "SUCCEEDED");
    return run.data.jobRun.importPlan;
  };
  const count = async () => (await service.data(token, "{ resources { totalCount } }")).resources.totalCount;
  const before = await count();
  const csv = inventory(RESOURCES + 3);
  const { __typename, ...plan } = await upload(csv, true);
  assert.deepEqual(plan, { inserted: 3, updated: 0, unchanged: RESOURCES, rejected: 0 });
  assert.equal(await count(), before);
  await upload(csv, false);
  assert.equal(await count(), before + 3);
  client.stop();
});

test("subscriptions go over the websocket and the rest over HTTP, into one cache", async () => {
  const sent = [];
  const socket = createClient({
    url: service.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
  });
  const link = split(
    ({ query }) => {
      const definition = getMainDefinition(query);
      return definition.kind === "OperationDefinition" && definition.operation === "subscription";
    },
    new GraphQLWsLink(socket),
    new HttpLink(http(sent)),
  );
  const client = connect(link);
  const list = client.watchQuery({ query: QUEUE, variables: { first: 2 } });
  const statuses = [];
  list.subscribe(({ data }) => statuses.push(data.approvals.edges[0].node.approvalStatus));
  const { data } = await list.result();
  const { id } = data.approvals.edges[0].node;
  const events = [];
  const live = client.subscribe({
    query: gql`
      subscription Live {
        approvalEvents {
          cursor
          events {
            change {
              id
              action
              virtualTag {
                id
                approvalStatus
              }
            }
          }
        }
      }
    `,
  });
  const failure = new Promise((_, reject) => {
    live.subscribe({ next: (event) => events.push(event), error: reject });
  });
  // Somebody else decides, until this page hears of it; deciding twice is harmless.
  const deny = "mutation ($ids: [ID!]!) { denyTags(input: { ids: $ids }) { decided } }";
  const undo = "mutation ($ids: [ID!]!) { undoDecisions(input: { ids: $ids }) { decided } }";
  const heard = until("the list changes by an event", 10_000, async () => {
    await service.data(token, undo, { ids: [id] });
    await service.data(token, deny, { ids: [id] });
    return events.length > 0 && statuses.at(-1) === "DENIED";
  });
  await Promise.race([heard, failure]);
  assert.equal(sent.length, 1);
  client.stop();
  await socket.dispose();
});

test("a fault of the request has its code, and comes as the error policy says", async () => {
  const query = gql`
    query Nobody($id: ID!) {
      viewer {
        subject
      }
      rule(id: $id) {
        id
      }
    }
  `;
  const variables = { id: "nonsense" };
  const codes = [];
  const link = ApolloLink.from([
    onError(({ graphQLErrors, networkError }) => {
      assert.equal(networkError, undefined);
      codes.push(...graphQLErrors.map((error) => error.extensions.code));
    }),
    new HttpLink(http()),
  ]);
  const client = connect(link);
  await assert.rejects(client.query({ query, variables }), (error) => {
    assert.equal(error.networkError, null);
    assert.equal(error.graphQLErrors.length, 1);
    return true;
  });
  const all = await client.query({ query, variables, errorPolicy: "all", fetchPolicy: "no-cache" });
  assert.equal(all.errors.length, 1);
  assert.equal(all.data.viewer.subject, "ada");
  assert.equal(all.data.rule, null);
  const ignored = await client.query({ query, variables, errorPolicy: "ignore", fetchPolicy: "no-cache" });
  assert.equal(ignored.errors, undefined);
  assert.equal(ignored.data.viewer.subject, "ada");
  assert.deepEqual(new Set(codes), new Set(["BAD_USER_INPUT"]));
  client.stop();
});

test("a request without a token is a network failure with 401 and a code", async () => {
  const client = connect(new HttpLink({ uri: service.url, fetch }));
  await assert.rejects(client.query({ query: gql`{ viewer { subject } }` }), (error) => {
    assert.equal(error.networkError.statusCode, 401);
    assert.equal(error.networkError.result.errors[0].extensions.code, "UNAUTHENTICATED");
    return true;
  });
  client.stop();
});
