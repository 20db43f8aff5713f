import fc from "fast-check";
import { expect, it } from "vitest";
import { resourceQuery, resourcesCodec } from "./view.ts";

const word = fc
  .string({ minLength: 1 })
  .map((value) => value.trim())
  .filter((value) => value !== "");

it("has every view of resources in the address", () => {
  const views = fc.record(
    {
      namePrefix: word,
      cloud: fc.constantFrom("AWS" as const, "GCP" as const),
      accountId: word,
      lacksTagKey: word,
      retired: fc.boolean(),
      order: fc.constantFrom("NEWEST" as const, "OLDEST" as const),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(views, (view) => {
      const { view: read, dropped } = resourcesCodec.decode(resourcesCodec.encode(view));
      expect(read).toEqual(view);
      expect(dropped).toEqual([]);
    }),
  );
});

it("drops what is unknown, and orders by the first report by default", () => {
  const { view, dropped } = resourcesCodec.decode(new URLSearchParams("cloud=MOON&accountId=1"));
  expect(dropped).toEqual(["cloud"]);
  expect(resourceQuery(view)).toEqual({ filter: { accountId: "1" }, order: "ID" });
});
