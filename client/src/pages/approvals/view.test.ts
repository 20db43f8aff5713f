import { describe, expect, it } from "vitest";
import type { ApprovalRowFragment } from "../../gql/graphql.ts";
import {
  approvalsCodec,
  decidedFilter,
  exportFilter,
  filterLabel,
  matchesFilter,
  queueFilter,
  suggestionFilter,
} from "./view.ts";

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

  it("tells which tags a filter of the queue selects", () => {
    const row = {
      tagKey: "owner",
      tagValue: "ann",
      confidence: 0.8,
      source: "PATTERN",
      resource: { cloud: "AWS", accountId: "111", resourceType: "s3/bucket" },
    } as ApprovalRowFragment;
    const matches = (search: string) => matchesFilter(row, queueFilter(view(search)) ?? {});
    expect(matches("")).toBe(true);
    expect(matches("key=owner&value=ann&source=PATTERN&cloud=AWS&account=111&type=s3/bucket")).toBe(true);
    expect(matches("key=owner&confidence=0.8")).toBe(true);
    for (const other of ["key=team", "account=222", "type=vm", "confidence=0.9", "source=RULE", "signature=x"]) {
      expect(matches(`value=ann&${other}`)).toBe(false);
    }
  });

  it("names a filter in words", () => {
    const name = (search: string) => filterLabel(queueFilter(view(search)) ?? {});
    expect(name("key=owner&value=ann&cloud=AWS&source=PATTERN&confidence=0.9")).toBe("owner=ann, AWS, pattern, ≥ 90%");
    expect(name("key=owner&signature=x")).toBe("owner");
    expect(name("signature=x")).toBe("x");
  });

  it("exports what the tab shows", () => {
    expect(exportFilter(view("key=owner&type=vm"), "queue")).toEqual({
      status: "PENDING",
      tagKey: "owner",
      resourceType: "vm",
    });
    expect(exportFilter(view("key=owner&type=vm&status=DENIED"), "decided")).toEqual({
      status: "DENIED",
      tagKey: "owner",
    });
  });

  it("takes for suggestions and decisions the conditions that they know", () => {
    expect(suggestionFilter(view("key=owner&type=vm"))).toEqual({ tagKey: "owner" });
    expect(decidedFilter(view("type=vm"))).toEqual({ action: "APPROVED" });
    expect(decidedFilter(view("status=DENIED&actor=ann"))).toEqual({ action: "DENIED", actor: "ann" });
  });
});
