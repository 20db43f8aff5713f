/** Tags of a resource in the cloud, by their keys as they are spelled there. */
export type NativeTags = Record<string, string>;

/** Reads the `JSON` scalar of native tags; what is no text is written as JSON. */
export function asNativeTags(value: unknown): NativeTags {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, tag]) => [key, typeof tag === "string" ? tag : JSON.stringify(tag)]),
  );
}

/** Text with one `key=value` in each line, for editing. */
export const writeTagLines = (tags: NativeTags): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");

/** Reads lines of `key=value`; lines without a key are named by their numbers. */
export function readTagLines(text: string): { tags: NativeTags; wrongLines: number[] } {
  const tags: NativeTags = {};
  const wrongLines: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    const key = line.slice(0, at).trim();
    if (at === -1 || key === "") wrongLines.push(index + 1);
    else tags[key] = line.slice(at + 1).trim();
  }
  return { tags, wrongLines };
}
