/** Bytes of a file that the browser reads to show its columns. */
export const headBytes = 100_000;

/** Files whose columns a person may say the meaning of. */
export type ImportKind = "resources" | "tags";

const resourceColumns = [
  "cloud",
  "account_id",
  "resource_type",
  "resource_id",
  "name",
  "region",
  "created_at",
  "native_tags",
] as const;
const tagColumns = ["resource_id", "tag_key", "tag_value", "approval_status", "decision_reason"] as const;

/** Columns that the service reads, and which of them a file must have. */
export const knownColumns: Record<ImportKind, { all: readonly string[]; required: readonly string[] }> = {
  resources: { all: resourceColumns, required: resourceColumns.slice(0, 4) },
  tags: { all: tagColumns, required: tagColumns.slice(0, 3) },
};

/** Column of a file as far as its head tells. */
interface HeadColumn {
  name: string;
  /** Column as the service will read it: a known name, `tag:` and a key, or null if it is not read. */
  role: string | null;
  /** Share of the rows of the head that have a value. */
  filled: number;
  samples: string[];
}

export interface FileHead {
  delimiter: string;
  columns: HeadColumn[];
  rows: number;
  /** Bytes of the header line with its line end, which a renamed header replaces. */
  headerBytes: number;
}

/** Name of a column as the service compares it: without regard to case, blanks and hyphens as underscores. */
const normalizedColumn = (name: string): string => name.trim().toLowerCase().replace(/[ -]/g, "_");

/** Role of a column by its name, or null. */
export function columnRole(kind: ImportKind, name: string): string | null {
  const trimmed = name.trim();
  if (kind === "resources" && /^tag:./i.test(trimmed)) return `tag:${trimmed.slice(4).trim()}`;
  const normalized = normalizedColumn(trimmed);
  return knownColumns[kind].all.includes(normalized) ? normalized : null;
}

/** Parsed records of the beginning of a CSV text; a record that the text cuts off is left out unless it is the only one. */
export function parseRecords(
  text: string,
  delimiter: string,
  isWhole: boolean,
): { records: string[][]; firstEnd: number } {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let quoted = false;
  let firstEnd = text.length;
  const endRecord = (next: number) => {
    record.push(cell);
    if (records.length === 0 && firstEnd === text.length) firstEnd = next;
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
    cell = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === delimiter) {
      record.push(cell);
      cell = "";
    } else if (character === "\n" || character === "\r") {
      if (character === "\r" && text[at + 1] === "\n") at += 1;
      endRecord(at + 1);
    } else cell += character;
  }
  if ((record.length > 0 || cell !== "") && (isWhole || records.length === 0)) endRecord(text.length);
  return { records, firstEnd };
}

/** Delimiter of a header line: the one by which most columns are known; the comma if none is better. */
function sniffDelimiter(line: string, kind: ImportKind): string {
  const known = (delimiter: string) =>
    line.split(delimiter).filter((cell) => columnRole(kind, cell.replace(/^[" ]+|[" ]+$/g, "")) !== null).length;
  const parts = (delimiter: string) => line.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, next) =>
    known(next) > known(best) || (known(best) === 0 && known(next) === 0 && parts(next) > parts(best)) ? next : best,
  );
}

/** Describes the columns of a CSV file by its first bytes. */
export function readHead(bytes: Uint8Array, kind: ImportKind, isWhole: boolean): FileHead {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = new TextDecoder("utf-8").decode(bytes.subarray(mark), { stream: !isWhole });
  const delimiter = sniffDelimiter(text.split(/[\r\n]/, 1)[0] ?? "", kind);
  const { records, firstEnd } = parseRecords(text, delimiter, isWhole);
  const [header = [], ...rows] = records;
  const columns = header.map((name, index) => {
    const values = rows.map((row) => row[index]?.trim() ?? "").filter((value) => value !== "");
    return {
      name: name.trim(),
      role: columnRole(kind, name),
      filled: rows.length === 0 ? 0 : values.length / rows.length,
      samples: [...new Set(values)].slice(0, 3),
    };
  });
  const headerBytes = mark + new TextEncoder().encode(text.slice(0, firstEnd)).length;
  return { delimiter, columns, rows: rows.length, headerBytes };
}

/** Columns that a file lacks, given the roles that its columns have now. */
export function missingColumns(kind: ImportKind, roles: readonly (string | null)[]): string[] {
  return knownColumns[kind].required.filter((column) => !roles.includes(column));
}

/** Roles that more than one column has. */
export function doubledColumns(roles: readonly (string | null)[]): string[] {
  return [...new Set(roles.filter((role, index) => role !== null && roles.indexOf(role) !== index))] as string[];
}

const escapeCell = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** Header with the columns' chosen roles; a column that is not to be read gets a name that the service does not know. */
export function renamedHeader(head: FileHead, roles: readonly (string | null)[], kind: ImportKind): string {
  const cells = head.columns.map(({ name }, index) => {
    const role = roles[index];
    if (role) return role;
    return columnRole(kind, name) === null ? name : `ignored:${name}`;
  });
  return `${cells.map((cell) => escapeCell(cell, head.delimiter)).join(head.delimiter)}\r\n`;
}

/** File with another header; the rest is not copied. */
export function withHeader(file: File, head: FileHead, header: string): File {
  return new File([header, file.slice(head.headerBytes)], file.name, { type: file.type });
}

/** True if the file is a CSV text whose columns can be shown: JSON Lines and packed files are sent as they are. */
export const hasColumns = (name: string): boolean => /\.(csv|tsv|txt)$/i.test(name);

/** True for a CSV export of AWS Tag Editor, whose columns the service knows by itself. */
export function isTagEditorExport({ columns }: FileHead): boolean {
  const names = columns.map(({ name }) => name.toLowerCase());
  return names.includes("identifier") && names.includes("arn");
}

/** Columns by one of which a bill is told from an inventory: of FOCUS, and of Cost and Usage Reports. */
const billColumns = ["effectivecost", "billedcost", "line_item_unblended_cost", "lineitem/unblendedcost"];

/** True for a bill. */
export function isBill({ columns }: FileHead): boolean {
  return columns.some(({ name }) => billColumns.includes(name.toLowerCase()));
}
