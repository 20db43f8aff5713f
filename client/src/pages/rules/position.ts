/** Place in a text as the service gives it: line and column in characters from 1, and a length in characters. */
export interface CharacterPosition {
  line: number;
  column: number;
  length: number;
}

/** Range of a text in UTF-16 units, as editors count. */
export interface TextRange {
  from: number;
  to: number;
}

/** Index in UTF-16 units after `count` characters from `start` on, at most the end of the text. */
function advance(text: string, start: number, count: number): number {
  let index = start;
  for (let left = count; left > 0 && index < text.length; left -= 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

/** Range of a position; a position without a length covers one character, or the last one at the end of the text. */
export function rangeOfPosition(text: string, { line, column, length }: CharacterPosition): TextRange {
  let start = 0;
  for (let left = line - 1; left > 0; left -= 1) {
    const end = text.indexOf("\n", start);
    if (end === -1) break;
    start = end + 1;
  }
  const from = advance(text, start, column - 1);
  const to = advance(text, from, Math.max(1, length));
  return to > from ? { from, to } : { from: Math.max(0, from - 1), to: from };
}

/** Index in UTF-16 units of a byte of the text's UTF-8; the character that the byte belongs to. */
export function indexOfByte(text: string, byte: number): number {
  let index = 0;
  let at = 0;
  while (index < text.length) {
    const code = text.codePointAt(index) ?? 0;
    at += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (at > byte) return index;
    index += code > 0xffff ? 2 : 1;
  }
  return text.length;
}

/** Range that an error of the service points at; messages without a position may name a byte ("at byte 12"). */
export function rangeOfError(
  text: string,
  error: { message: string; position?: CharacterPosition | null },
): TextRange | undefined {
  if (error.position) return rangeOfPosition(text, error.position);
  const byte = /at byte (\d+)/.exec(error.message)?.[1];
  if (byte === undefined) return undefined;
  const from = indexOfByte(text, Number(byte));
  return from < text.length ? { from, to: advance(text, from, 1) } : { from: Math.max(0, from - 1), to: text.length };
}
