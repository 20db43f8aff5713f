import fc from "fast-check";
import { expect, it } from "vitest";
import { auditCodec, dayOf, startOfDay } from "./view.ts";

it("has days in the address, and gives them back", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date("1971-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }), (date) => {
      const day = dayOf(date.toISOString());
      const from = startOfDay(day);
      expect(dayOf(from)).toBe(day);
      expect(auditCodec.decode(auditCodec.encode({ from })).view).toEqual({ from });
    }),
  );
});

it("has no instant for what is no day", () => {
  expect(startOfDay("")).toBeUndefined();
  expect(startOfDay("soon")).toBeUndefined();
});
