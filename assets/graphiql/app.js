// Starts GraphiQL against this service; subscriptions go over a websocket of the same origin.
"use strict";

(async () => {
  const element = document.getElementById("graphiql");
  // One tab for each example; a line of dashes is between them.
  const examples = await (await fetch("/graphiql/examples.graphql")).text();
  const defaultHeaders = JSON.stringify({ Authorization: "Bearer " }, null, 2);
  const tabs = examples.split(/^#-+$/m).map((query) => ({ query: query.trim(), headers: defaultHeaders }));

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

  // A token is as good as its bearer: it stays out of the browser's storage. GraphiQL leaves it out of its tabs, but not
  // out of its history and favourites.
  const storage = {
    getItem: (name) => localStorage.getItem(name),
    setItem: (name, text) => localStorage.setItem(name, withoutHeaders(name, text)),
    removeItem: (name) => localStorage.removeItem(name),
    clear: () => localStorage.clear(),
    get length() {
      return localStorage.length;
    },
  };
  const withoutHeaders = (name, text) => {
    if (!["graphiql:queries", "graphiql:favorites"].includes(name)) return text;
    return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? undefined : value));
  };

  ReactDOM.createRoot(element).render(
    React.createElement(GraphiQL, {
      fetcher: remembering,
      defaultQuery: "",
      defaultTabs: tabs,
      defaultHeaders,
      defaultEditorToolsVisibility: "headers",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      storage,
      inputValueDeprecation: true,
    }),
  );
})();
