/** Parts of a name on which evidence rests, for highlighting. */

/** Evidence as far as highlighting needs it. */
export interface NamedEvidence {
  readonly kind?: string | null | undefined;
  readonly reason: string;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

export interface TextPart {
  readonly text: string;
  readonly isMarked: boolean;
}

/** Attributes whose value occurs in the name, with the place where it occurs. */
const ATTRIBUTES: Readonly<Record<string, "anywhere" | "start" | "end">> = {
  token: "anywhere",
  word: "anywhere",
  text: "anywhere",
  prefix: "start",
  suffix: "end",
};

/** Name in parts, of which those are marked that the evidence names. */
export function highlight(name: string, evidence: readonly NamedEvidence[]): readonly TextPart[] {
  const marks = new Array<boolean>(name.length).fill(false);
  for (const signal of evidence) {
    const places = placesOf(name, signal);
    for (const [from, to] of places) {
      marks.fill(true, from, to);
    }
  }
  const parts: TextPart[] = [];
  let from = 0;
  for (let index = 1; index <= name.length; index += 1) {
    if (index === name.length || marks[index] !== marks[from]) {
      parts.push({ text: name.slice(from, index), isMarked: marks[from] === true });
      from = index;
    }
  }
  return parts;
}

function placesOf(name: string, signal: NamedEvidence): readonly (readonly [number, number])[] {
  const stated = signal.attributes.filter((attribute) => attribute.name in ATTRIBUTES);
  if (stated.length > 0) {
    return stated.flatMap((attribute) => occurrences(name, attribute.value, ATTRIBUTES[attribute.name] ?? "anywhere"));
  }
  return signal.kind === null || signal.kind === undefined
    ? [...signal.reason.matchAll(/`([^`]+)`/g)].flatMap((match) => occurrences(name, match[1] ?? "", "anywhere"))
    : [];
}

/** Occurrences of a word without regard to case, whole words before parts of words. */
function occurrences(
  name: string,
  word: string,
  where: "anywhere" | "start" | "end",
): readonly (readonly [number, number])[] {
  const [text, part] = [name.toLowerCase(), word.toLowerCase()];
  if (part === "" || text.length !== name.length) {
    return [];
  }
  if (where === "start") {
    return text.startsWith(part) ? [[0, part.length]] : [];
  }
  if (where === "end") {
    return text.endsWith(part) ? [[text.length - part.length, text.length]] : [];
  }
  const found: (readonly [number, number])[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) {
    found.push([at, at + part.length]);
  }
  const whole = found.filter(([from, to]) => !isLetter(text[from - 1]) && !isLetter(text[to]));
  return whole.length > 0 ? whole : found;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
