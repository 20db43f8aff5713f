import { sessionHeaders } from "../../app/session.ts";

/** Fetches a file of the service with the caller's credentials and hands it to the browser to save. */
export async function download(path: string, name: string): Promise<void> {
  const response = await fetch(path, { headers: sessionHeaders() });
  if (!response.ok) {
    const body = (await response.json().catch(() => ({}))) as { errors?: { message?: string }[] };
    throw new Error(body.errors?.[0]?.message ?? `The service answered ${response.status}.`);
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
