import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexOfByte, rangeOfError, rangeOfPosition } from "./position.ts";

describe("positions of errors", () => {
  it("counts characters, not UTF-16 units", () => {
    const text = "'🚀' == resource.nam";
    const { from, to } = rangeOfPosition(text, { line: 1, column: 17, length: 3 });
    expect(text.slice(from, to)).toBe("nam");
  });

  it("finds lines", () => {
    const text = "a &&\n  ünknown && c";
    const { from, to } = rangeOfPosition(text, { line: 2, column: 3, length: 7 });
    expect(text.slice(from, to)).toBe("ünknown");
  });

  it("covers the last character where the text ends too early", () => {
    expect(rangeOfPosition("a &&", { line: 1, column: 5, length: 0 })).toEqual({ from: 3, to: 4 });
    expect(rangeOfPosition("", { line: 1, column: 1, length: 0 })).toEqual({ from: 0, to: 0 });
  });

  it("reads bytes out of messages", () => {
    const text = "'é' == x";
    expect(rangeOfError(text, { message: "x is unknown (at byte 8)" })).toEqual({ from: 7, to: 8 });
    expect(rangeOfError(text, { message: "too long" })).toBeUndefined();
  });

  it("takes each byte of UTF-8 to the character it belongs to", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, seed) => {
        const characters = [...text];
        if (characters.length === 0) return indexOfByte(text, 0) === 0;
        const at = seed % characters.length;
        const before = characters.slice(0, at).join("");
        const bytes = new TextEncoder().encode(before).length;
        const size = new TextEncoder().encode(characters[at]).length;
        return indexOfByte(text, bytes) === before.length && indexOfByte(text, bytes + size - 1) === before.length;
      }),
    );
  });

  it("agrees for positions and for bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.nat(), (lines, seed) => {
        const text = lines.join("\n");
        const characters = [...text];
        if (characters.length === 0) return;
        const at = seed % characters.length;
        if (characters[at] === "\n") return;
        const before = characters.slice(0, at).join("");
        const column = [...before.slice(before.lastIndexOf("\n") + 1)].length + 1;
        const line = before.split("\n").length;
        expect(rangeOfPosition(text, { line, column, length: 1 }).from).toBe(
          indexOfByte(text, new TextEncoder().encode(before).length),
        );
      }),
    );
  });
});
