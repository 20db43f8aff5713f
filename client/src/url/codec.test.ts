import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choice, flag, instant, integer, many, one, share, text, urlCodec } from "./codec.ts";
import { z } from "zod";

const codec = urlCodec({
  key: text,
  cloud: choice(["AWS", "AZURE", "GCP"]),
  accounts: many(z.string().min(1)),
  confidence: share,
  page: integer,
  retired: flag,
  since: instant,
  // Dates read as dates, and written as they came.
  day: one(z.iso.date()),
});

const cloud = fc.constantFrom("AWS" as const, "AZURE" as const, "GCP" as const);
const word = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).filter((value) => value.trim() === value);

describe("codec of the address", () => {
  it("brings every view back as it was", () => {
    const views = fc.record(
      {
        key: word,
        cloud,
        accounts: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 }),
        confidence: fc.integer({ min: 0, max: 1000 }).map((value) => value / 1000),
        page: fc.nat(999_999_999),
        retired: fc.boolean(),
        since: fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((date) => date.toISOString()),
        day: fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((date) => date.toISOString().slice(0, 10)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(views, (view) => {
        const address = new URLSearchParams(codec.encode(view).toString());
        expect(codec.decode(address)).toEqual({ view, dropped: [] });
      }),
    );
  });

  it("never throws, and says what it drops, whatever the address has", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...codec.names, "other"), fc.string())), (pairs) => {
        const params = new URLSearchParams(pairs);
        const { view, dropped } = codec.decode(params);
        for (const name of codec.names) {
          expect(params.has(name)).toBe(name in view || dropped.includes(name));
        }
      }),
    );
  });

  it("drops invalid values by name", () => {
    const params = new URLSearchParams("cloud=IBM&confidence=1.5&page=-1&retired=maybe&since=today&key=%20&other=x");
    expect(codec.decode(params)).toEqual({
      view: {},
      dropped: ["key", "cloud", "confidence", "page", "retired", "since"],
    });
  });

  it("keeps the values of a list that are valid", () => {
    expect(codec.decode(new URLSearchParams("accounts=&accounts=1&accounts=2")).view).toEqual({ accounts: ["1", "2"] });
  });

  it("omits what is not set", () => {
    expect(codec.encode({ key: undefined, cloud: "AWS" }).toString()).toBe("cloud=AWS");
  });
});
