import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type GraphQLFormattedError, print } from "graphql";
import { useEffect, useEffectEvent } from "react";
import { documentExtensions, operationName } from "./documents.ts";
import { retryDelay, socket } from "./socket.ts";

interface LiveHandlers<Data> {
  next(data: Data): void;
  /** The service refused to go on; the subscription is tried again by itself, without `after` if `after` was at fault. */
  refused?(errors: readonly GraphQLFormattedError[]): void;
  /** Cursor after the given batch: a reconnection goes on from there, and misses nothing. */
  cursor?(data: Data): string;
}

/** Subscribes until the returned function is called, over restarts and lost networks. */
function subscribeLive<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  handlers: LiveHandlers<Data>,
): () => void {
  // The socket reads the variables anew whenever it reconnects.
  const live: Record<string, unknown> = { ...variables };
  const query = print(document);
  const extensions = documentExtensions(operationName(document));
  let stopped = false;
  let stop: () => void = () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  const again = () => {
    if (!stopped) timer = setTimeout(start, retryDelay(tries++));
  };
  const start = () => {
    stop = socket.subscribe<Data>(
      { query, variables: live, extensions },
      {
        next(result) {
          tries = 0;
          if (result.errors) return handlers.refused?.(result.errors);
          if (!result.data) return;
          const cursor = handlers.cursor?.(result.data);
          if (cursor !== undefined) live.after = cursor;
          handlers.next(result.data);
        },
        error(cause) {
          if (Array.isArray(cause)) {
            delete live.after;
            handlers.refused?.(cause as GraphQLFormattedError[]);
          }
          again();
        },
        complete: again,
      },
    );
  };
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stop();
  };
}

/** Subscribes while the component is shown. */
export function useLive<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  handlers: LiveHandlers<Data> & { skip?: boolean },
): void {
  const next = useEffectEvent(handlers.next);
  const refused = useEffectEvent((errors: readonly GraphQLFormattedError[]) => handlers.refused?.(errors));
  const cursor = useEffectEvent((data: Data) => handlers.cursor?.(data) as string);
  const skip = handlers.skip === true;
  const text = JSON.stringify(variables);
  useEffect(() => {
    if (skip) return;
    return subscribeLive(document, JSON.parse(text) as Variables, {
      next: (data) => next(data),
      refused: (errors) => refused(errors),
      cursor: (data) => cursor(data),
    });
  }, [document, text, skip]);
}
