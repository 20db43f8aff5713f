import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { ErrorLink } from "@apollo/client/link/error";
import { RetryLink } from "@apollo/client/link/retry";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { documentExtensions } from "./documents.ts";
import { describeError } from "./errors.ts";
import { expireSession, sessionHeaders } from "./session.ts";
import { socket } from "./socket.ts";

const authorize = new SetContextLink(({ headers }) => ({ headers: { ...headers, ...sessionHeaders() } }));

const retryable = new Set(["limited", "unavailable", "offline"]);

// Only reading is repeated here; decisions are repeated by their outbox, which knows what was decided.
const retry = new RetryLink({
  attempts: (count, operation, error) =>
    operation.operationType === OperationTypeNode.QUERY && count < 4 && retryable.has(describeError(error).kind),
  delay: (count, _operation, error) => {
    const seconds = describeError(error).retryAfter;
    return (seconds ?? 0.3 * 2 ** count) * 1000 * (1 + Math.random() / 4);
  },
});

const watchCredentials = new ErrorLink(({ error, operation }) => {
  if (describeError(error).kind !== "unauthenticated") return;
  // A late response to an earlier token ends no later session.
  const { headers } = operation.getContext() as { headers?: Record<string, string> };
  if (headers?.Authorization === sessionHeaders().Authorization) expireSession();
});

const nameDocument = new ApolloLink((operation, forward) => {
  Object.assign(operation.extensions, documentExtensions(operation.operationName));
  return forward(operation);
});

const http = new HttpLink({ uri: "/graphql", includeExtensions: true });

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    ApolloLink.from([nameDocument, new GraphQLWsLink(socket)]),
    ApolloLink.from([watchCredentials, retry, authorize, nameDocument, http]),
  ),
  cache: new InMemoryCache({
    typePolicies: {
      Dashboard: { merge: true },
      ApprovalStats: { keyFields: false },
      Viewer: { keyFields: [] },
    },
  }),
  defaultOptions: { watchQuery: { fetchPolicy: "cache-and-network" } },
});
