import { type DocumentNode, Kind } from "graphql";

const hashes = new Map<string, string>();

/**
 * Notes the hash of an operation's text. The build calls it for each document.
 *
 * @public
 */
export function noteDocument(operationName: string, hash: string): void {
  hashes.set(operationName, hash);
}

/** Extensions of a request: they name the document by the hash of its text, as a service with TRUSTED_DOCUMENTS wants. */
export function documentExtensions(operationName: string | undefined): Record<string, unknown> {
  const sha256Hash = operationName === undefined ? undefined : hashes.get(operationName);
  return sha256Hash === undefined ? {} : { persistedQuery: { version: 1, sha256Hash } };
}

/** Name of the operation in a document. */
export function operationName(document: DocumentNode): string | undefined {
  return document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)?.name?.value;
}
