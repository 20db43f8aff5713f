import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highlight } from "./highlight.ts";

const signal = (name: string, value: string) => ({ kind: "TOKEN", reason: "", attributes: [{ name, value }] });
const marked = (name: string, ...signals: Parameters<typeof highlight>[1]) =>
  highlight(name, signals)
    .map((part) => (part.isMarked ? `[${part.text}]` : part.text))
    .join("");

describe("highlight", () => {
  it("marks words that evidence names, whole words before parts of words", () => {
    expect(marked("orders-PROD-copy", signal("token", "prod"))).toBe("orders-[PROD]-copy");
    expect(marked("product-prod", signal("word", "prod"))).toBe("product-[prod]");
    expect(marked("myprodbox", signal("text", "prod"))).toBe("my[prod]box");
  });

  it("marks prefixes at the start and suffixes at the end only", () => {
    expect(marked("shop-shop", signal("prefix", "shop"))).toBe("[shop]-shop");
    expect(marked("shop-shop", signal("suffix", "shop"))).toBe("shop-[shop]");
    expect(marked("a-shop", signal("prefix", "shop"))).toBe("a-shop");
  });

  it("falls back to the words in backticks of evidence without a kind", () => {
    expect(marked("pay-dev-1", { reason: "The name contains `dev`.", attributes: [] })).toBe("pay-[dev]-1");
    expect(marked("pay-dev-1", { kind: "ACCOUNT", reason: "Account `dev`.", attributes: [] })).toBe("pay-dev-1");
  });

  it("loses no character, whatever the name and the evidence", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(fc.string()), (name, words) => {
        const parts = highlight(
          name,
          words.map((word) => signal("token", word)),
        );
        expect(parts.map((part) => part.text).join("")).toBe(name);
      }),
    );
  });
});
