import type { OperationVariables } from "@apollo/client";
import { useApolloClient } from "@apollo/client/react";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useState } from "react";
import { describeError } from "../app/errors.ts";
import { type Notice, useNotify } from "./UndoSnackbar.tsx";

interface ActionPayload {
  userErrors: readonly { message: string }[];
}

interface ActionOptions<Payload> {
  /** Outcome to tell when it has worked. */
  done?: string | ((payload: Payload) => Notice);
  /** The form shows the mistakes by itself. */
  quiet?: boolean;
}

/** Runs mutations: tells their outcome, mistakes and faults, and is `busy` meanwhile. */
export function useAction() {
  const client = useApolloClient();
  const notify = useNotify();
  const [running, setRunning] = useState(0);
  const act = useCallback(
    async <Data, Variables extends OperationVariables, Payload extends ActionPayload>(
      mutation: TypedDocumentNode<Data, Variables>,
      variables: Variables,
      select: (data: Data) => Payload,
      { done, quiet = false }: ActionOptions<Payload> = {},
    ): Promise<Payload | undefined> => {
      setRunning((count) => count + 1);
      try {
        const result = await client.mutate({ mutation, variables: variables as never });
        const payload = select(result.data as Data);
        const [mistake] = payload.userErrors;
        if (mistake) {
          if (!quiet) notify({ severity: "error", message: mistake.message });
        } else if (done !== undefined) {
          notify(typeof done === "string" ? { message: done } : done(payload));
        }
        return payload;
      } catch (error) {
        notify({ severity: "error", message: describeError(error).message });
        return undefined;
      } finally {
        setRunning((count) => count - 1);
      }
    },
    [client, notify],
  );
  return { act, busy: running > 0 };
}
