import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columnRole,
  doubledColumns,
  missingColumns,
  parseRecords,
  readHead,
  renamedHeader,
  withHeader,
  type ImportKind,
} from "./head.ts";

const head = (text: string, kind: ImportKind = "resources", isWhole = true) =>
  readHead(new TextEncoder().encode(text), kind, isWhole);

describe("head of a CSV file", () => {
  it("knows columns in any case and spelling, and tags by their prefix", () => {
    expect(columnRole("resources", "Account ID")).toBe("account_id");
    expect(columnRole("resources", "Tag:Owner")).toBe("tag:Owner");
    expect(columnRole("resources", "hostname")).toBeNull();
    expect(columnRole("tags", "tag-key")).toBe("tag_key");
  });

  it("reads names, fill rates and samples", () => {
    const { columns, rows } = head('cloud,account_id,who\r\naws,1,"ann, or ""bob"""\r\naws,,\r\n');
    expect(rows).toBe(2);
    expect(columns).toEqual([
      { name: "cloud", role: "cloud", filled: 1, samples: ["aws"] },
      { name: "account_id", role: "account_id", filled: 0.5, samples: ["1"] },
      { name: "who", role: null, filled: 0.5, samples: ['ann, or "bob"'] },
    ]);
  });

  it("takes semicolons and tabs, and leaves out the record that the head cuts off", () => {
    expect(head("cloud;account_id;x\naws;1;2\naws;2", "resources", false).rows).toBe(1);
    expect(head("resource_id\ttag_key\ttag_value\na\tb\tc\n", "tags").delimiter).toBe("\t");
  });

  it("tells what is missing and what is there twice", () => {
    expect(missingColumns("resources", ["cloud", "account_id", null])).toEqual(["resource_type", "resource_id"]);
    expect(doubledColumns(["cloud", null, null, "cloud"])).toEqual(["cloud"]);
  });

  it("puts another header before the same bytes", async () => {
    const text = "\ufeffCloud,Konto,name\r\naws,1,é\r\n";
    const file = new File([text], "a.csv");
    const read = head(text);
    const header = renamedHeader(read, ["cloud", "account_id", null], "resources");
    expect(header).toBe("cloud,account_id,ignored:name\r\n");
    expect(await withHeader(file, read, header).text()).toBe(`${header}aws,1,é\r\n`);
  });

  it("reads back whatever cells are written", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "é", " ") });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (records) => {
        const text = records
          .map((record) => record.map((value) => `"${value.replaceAll('"', '""')}"`).join(","))
          .join("\r\n");
        expect(parseRecords(text, ",", true).records).toEqual(records);
      }),
    );
  });
});
