import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type DocumentNode, type GraphQLFormattedError, print } from "graphql";
import { documentExtensions, operationName } from "../../app/documents.ts";
import { sessionHeaders } from "../../app/session.ts";
import { ImportCostDocument, ImportInventoryDocument, ImportTagsDocument } from "../../gql/graphql.ts";

/** Kinds of files that the service imports. */
export type FileKind = "resources" | "tags" | "cost";

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
function uploadForm(document: DocumentNode, input: Record<string, unknown>, file: File): FormData {
  const form = new FormData();
  const variables = { input: { ...input, file: null } };
  const extensions = documentExtensions(operationName(document));
  form.append("operations", JSON.stringify({ query: print(document), variables, extensions }));
  form.append("map", JSON.stringify({ 0: ["variables.input.file"] }));
  form.append("0", file, file.name);
  return form;
}

interface UploadOptions {
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** Sends a mutation with a file. XMLHttpRequest tells how much of it has left, which `fetch` does not. */
function upload<Data>(
  document: TypedDocumentNode<Data, never>,
  input: Record<string, unknown>,
  file: File,
  options: UploadOptions,
): Promise<Data> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/graphql");
    request.setRequestHeader("Apollo-Require-Preflight", "true");
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(sessionHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => options.onProgress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new TypeError("The service cannot be reached."));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    request.onload = () => {
      const { data, errors } = parseBody<Data>(request.responseText);
      const error = errors?.[0];
      if (data && !error) return resolve(data);
      const id = error?.extensions?.requestId ?? request.getResponseHeader("X-Request-Id");
      reject(new UploadError(error?.message ?? `The service answered ${request.status}.`, id ? String(id) : undefined));
    };
    options.signal.addEventListener("abort", () => request.abort());
    request.send(uploadForm(document, input, file));
  });
}

/** Sends a file of a kind; gives the run that reads it, or the mistakes. */
export async function importFile(kind: FileKind, input: Record<string, unknown>, file: File, options: UploadOptions) {
  if (kind === "resources") return (await upload(ImportInventoryDocument, input, file, options)).importInventory;
  if (kind === "tags") return (await upload(ImportTagsDocument, input, file, options)).importVirtualTags;
  return (await upload(ImportCostDocument, input, file, options)).importCost;
}
