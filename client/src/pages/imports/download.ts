import { sessionHeaders } from "../../app/session.ts";

/** Reads a stream to its end and tells how many bytes have come. */
export async function readStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onProgress: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const reader = stream.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
    bytes += value.length;
    onProgress(bytes);
  }
}

/** Fetches a file of the service with the caller's credentials and hands it to the browser to save. */
export async function download(
  path: string,
  name: string,
  options: { onProgress?: (bytes: number) => void; signal?: AbortSignal } = {},
): Promise<void> {
  const response = await fetch(path, { headers: sessionHeaders(), signal: options.signal });
  if (!response.ok || !response.body) {
    const body = (await response.json().catch(() => ({}))) as { errors?: { message?: string }[] };
    throw new Error(body.errors?.[0]?.message ?? `The service answered ${response.status}.`);
  }
  const chunks = await readStream(response.body, options.onProgress ?? (() => undefined));
  const url = URL.createObjectURL(new Blob(chunks, { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Address of an export; only these conditions are known to it. */
export function exportPath(
  what: "resources" | "tags",
  filter: { cloud?: string; accountId?: string; resourceType?: string },
): string {
  const parameters = new URLSearchParams({ what });
  for (const name of ["cloud", "accountId", "resourceType"] as const) {
    const value = filter[name];
    if (value) parameters.set(name, value);
  }
  return `/csv/export?${parameters.toString()}`;
}
