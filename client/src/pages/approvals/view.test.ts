import { describe, expect, it } from "vitest";
import { approvalsCodec, decidedFilter, queueFilter, suggestionFilter } from "./view.ts";

const view = (search: string) => approvalsCodec.decode(new URLSearchParams(search)).view;

describe("view of the approvals", () => {
  it("filters the queue by what the address names, and by nothing else", () => {
    expect(queueFilter(view(""))).toBeUndefined();
    expect(queueFilter(view("key=owner&account=111&confidence=0.9&cloud=IBM"))).toEqual({
      tagKey: "owner",
      accountId: "111",
      minConfidence: 0.9,
    });
  });

  it("takes for suggestions and decisions the conditions that they know", () => {
    expect(suggestionFilter(view("key=owner&type=vm"))).toEqual({ tagKey: "owner" });
    expect(decidedFilter(view("type=vm"))).toEqual({ action: "APPROVED" });
    expect(decidedFilter(view("status=DENIED&actor=ann"))).toEqual({ action: "DENIED", actor: "ann" });
  });
});
