// Starts GraphiQL against this service; subscriptions go over a websocket of the same origin.
"use strict";

(async () => {
  const element = document.getElementById("graphiql");
  const examples = await (await fetch("/graphiql/examples.graphql")).text();
  const defaultHeaders = JSON.stringify({ Authorization: "Bearer " }, null, 2);

  // The headers editor holds the credentials of the websocket, too.
  let headers = {};
  const socketUrl = new URL("/graphql", window.location.href);
  socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";
  const wsClient = graphqlWs.createClient({
    url: socketUrl.href,
    lazy: true,
    connectionParams: () => headers,
  });
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", wsClient });
  const remembering = (params, options) => {
    const changed = JSON.stringify(options?.headers ?? {});
    if (changed !== JSON.stringify(headers)) {
      headers = JSON.parse(changed);
      wsClient.terminate();
    }
    return fetcher(params, options);
  };

  ReactDOM.createRoot(element).render(
    React.createElement(GraphiQL, {
      fetcher: remembering,
      defaultQuery: examples,
      defaultHeaders,
      defaultEditorToolsVisibility: "variables",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      inputValueDeprecation: true,
    }),
  );
})();
