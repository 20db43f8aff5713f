import { ApolloLink } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
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
    let subscription: { unsubscribe(): void } | undefined;
    // The link itself: giving up its result ends the request, and with it the work of the service.
    const load = () => {
      const request = { query: PreviewRuleDocument, variables: { input: JSON.parse(text) as PreviewRuleInput } };
      subscription = ApolloLink.execute(client.link, request, { client }).subscribe({
        next(result) {
          const data = result.data as PreviewRuleQuery | null | undefined;
          if (data) setState({ result: data.previewRule, error: undefined, of: text });
          else setState({ result: null, error: new CombinedGraphQLErrors(result), of: text });
        },
        error: (error: unknown) => setState({ result: null, error, of: text }),
      });
    };
    const timer = setTimeout(load, wait);
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [client, text]);
  if (text === null) return { result: null, error: undefined, updating: false };
  return { result: state.result, error: state.error, updating: state.of !== text };
}
