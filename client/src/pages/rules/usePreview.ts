import { useApolloClient } from "@apollo/client/react";
import { useEffect, useState } from "react";
import { type PreviewRuleInput, PreviewRuleDocument, type PreviewRuleQuery } from "../../gql/graphql.ts";

export type PreviewResult = PreviewRuleQuery["previewRule"];

interface PreviewState {
  result: PreviewResult | null;
  error: unknown;
  /** Input that the result is of. */
  of: string | null;
}

const wait = 400;

/** Previews a rule while it is typed: after a pause, and never two at once; the service stops what is no longer waited for. */
export function usePreview(input: PreviewRuleInput | null): {
  result: PreviewResult | null;
  error: unknown;
  updating: boolean;
} {
  const client = useApolloClient();
  const [state, setState] = useState<PreviewState>({ result: null, error: undefined, of: null });
  const text = input === null ? null : JSON.stringify(input);
  useEffect(() => {
    if (text === null) return;
    const abort = new AbortController();
    const load = async () => {
      try {
        const { data } = await client.query({
          query: PreviewRuleDocument,
          variables: { input: JSON.parse(text) as PreviewRuleInput },
          fetchPolicy: "no-cache",
          context: { queryDeduplication: false, fetchOptions: { signal: abort.signal } },
        });
        if (!abort.signal.aborted) setState({ result: data?.previewRule ?? null, error: undefined, of: text });
      } catch (error) {
        if (!abort.signal.aborted) setState({ result: null, error, of: text });
      }
    };
    const timer = setTimeout(() => void load(), wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, text]);
  if (text === null) return { result: null, error: undefined, updating: false };
  return { result: state.result, error: state.error, updating: state.of !== text };
}
