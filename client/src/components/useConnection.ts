import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";

/** Page of a Relay connection, as far as lists need it. */
export interface ConnectionPage<Row> {
  rows: readonly Row[];
  endCursor?: string | null;
  hasNextPage: boolean;
  totalCount?: number | null;
  totalCountIsEstimate?: boolean;
}

export interface ConnectionList<Row> {
  rows: readonly Row[];
  total: number | null;
  totalIsEstimate: boolean;
  hasMore: boolean;
  /** True while the first page is loaded: rows, if any, are those of the former filter. */
  loading: boolean;
  loadingMore: boolean;
  error: unknown;
  loadMore: () => void;
  reload: () => void;
}

interface State<Row> {
  rows: readonly Row[];
  page: ConnectionPage<Row> | null;
  loading: boolean;
  loadingMore: boolean;
  error: unknown;
}

/**
 * Loads a list page by page by its keyset, past Apollo's cache, which slows down with thousands of rows. `variables`
 * has all but `after`; another value starts the list anew.
 */
export function useConnection<Data, Variables extends Record<string, unknown>, Row>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, "after">,
  select: (data: Data) => ConnectionPage<Row>,
): ConnectionList<Row> {
  const client = useApolloClient();
  const [state, setState] = useState<State<Row>>({
    rows: [],
    page: null,
    loading: true,
    loadingMore: false,
    error: undefined,
  });
  const text = JSON.stringify(variables);
  const serial = useRef(0);
  const pick = useEffectEvent(select);

  const load = useCallback(
    async (after: string | null) => {
      const own = after === null ? ++serial.current : serial.current;
      setState((before) => ({ ...before, [after === null ? "loading" : "loadingMore"]: true, error: undefined }));
      try {
        const result = await client.query({
          query: document,
          variables: { ...(JSON.parse(text) as Variables), after } as never,
          fetchPolicy: "no-cache",
        });
        if (own !== serial.current) return;
        return { data: result.data as Data, own };
      } catch (error) {
        if (own === serial.current) setState((before) => ({ ...before, loading: false, loadingMore: false, error }));
      }
      return undefined;
    },
    [client, document, text],
  );

  const [request, setRequest] = useState<{ after: string | null; tries: number }>({ after: null, tries: 0 });
  const [lastText, setLastText] = useState(text);
  if (lastText !== text) {
    setLastText(text);
    setRequest(({ tries }) => ({ after: null, tries: tries + 1 }));
  }

  const receive = useEffectEvent(async (after: string | null) => {
    const loaded = await load(after);
    if (!loaded) return;
    const page = pick(loaded.data);
    setState((before) => ({
      rows: after === null ? page.rows : [...before.rows, ...page.rows],
      // The count is that of the first page: later pages need not ask for it.
      page: after === null ? page : { ...page, totalCount: page.totalCount ?? before.page?.totalCount },
      loading: false,
      loadingMore: false,
      error: undefined,
    }));
  });
  useEffect(() => void receive(request.after), [request, document]);

  const { page } = state;
  const hasMore = page?.hasNextPage ?? false;
  const endCursor = page?.endCursor ?? null;
  const loadMore = useCallback(() => {
    if (hasMore && endCursor !== null) setRequest(({ tries }) => ({ after: endCursor, tries: tries + 1 }));
  }, [hasMore, endCursor]);
  const reload = useCallback(() => setRequest(({ tries }) => ({ after: null, tries: tries + 1 })), []);
  return {
    rows: state.rows,
    total: page?.totalCount ?? null,
    totalIsEstimate: page?.totalCountIsEstimate ?? false,
    hasMore,
    loading: state.loading,
    loadingMore: state.loadingMore,
    error: state.error,
    loadMore,
    reload,
  };
}
