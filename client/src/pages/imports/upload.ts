import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type GraphQLFormattedError, print } from "graphql";
import { sessionHeaders } from "../../app/session.ts";

/** Failure of an upload, in words, with the id by which the service's log finds the request. */
export class UploadError extends Error {
  constructor(
    message: string,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

interface UploadBody<Data> {
  data?: Data | null;
  errors?: GraphQLFormattedError[];
}

function parseBody<Data>(text: string): UploadBody<Data> {
  try {
    return JSON.parse(text) as UploadBody<Data>;
  } catch {
    return {};
  }
}

/** Form of the GraphQL multipart request specification with one file, at `variables.input.file`. */
function uploadForm(query: string, input: Record<string, unknown>, file: File): FormData {
  const form = new FormData();
  form.append("operations", JSON.stringify({ query, variables: { input: { ...input, file: null } } }));
  form.append("map", JSON.stringify({ 0: ["variables.input.file"] }));
  form.append("0", file, file.name);
  return form;
}

/** Sends a mutation with a file. XMLHttpRequest tells how much of it has left, which `fetch` does not. */
export function upload<Data>(
  document: TypedDocumentNode<Data, never>,
  input: Record<string, unknown>,
  file: File,
  options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<Data> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/graphql");
    request.setRequestHeader("Apollo-Require-Preflight", "true");
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(sessionHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => options.onProgress?.(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new TypeError("The service cannot be reached."));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    request.onload = () => {
      const { data, errors } = parseBody<Data>(request.responseText);
      const error = errors?.[0];
      if (data && !error) return resolve(data);
      const id = error?.extensions?.requestId ?? request.getResponseHeader("X-Request-Id");
      reject(new UploadError(error?.message ?? `The service answered ${request.status}.`, id ? String(id) : undefined));
    };
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(uploadForm(print(document), input, file));
  });
}
