/**
 * Window on a long list that is read page by page with cursors. The window holds neighbouring pages only, so memory
 * does not grow with the list; pages at the far end are dropped and read again when the reader returns.
 */

/** Row of a list: any object with an id that is unique in the list. */
export interface Identified {
  readonly id: string;
}

/** Page of rows with the cursors of its first and last row, as the service gave them. */
interface Page<Row extends Identified> {
  readonly rows: readonly Row[];
  readonly start: string | null;
  readonly end: string | null;
}

/** Page as loaded, with whether more rows follow in the direction of reading. */
export interface LoadedPage<Row extends Identified> extends Page<Row> {
  readonly more: boolean;
}

export interface PageWindow<Row extends Identified> {
  readonly pages: readonly Page<Row>[];
  /** Number of rows before the window, as far as they have been read. */
  readonly offset: number;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** Request for the page that the window needs next. */
export type Wanted =
  | { readonly direction: "after"; readonly cursor: string | null }
  | { readonly direction: "before"; readonly cursor: string | null };

/** Number of rows per request: the most that the service gives at once. */
export const PAGE_ROWS = 100;
/** Greatest number of pages that the window holds. */
const WINDOW_PAGES = 20;
/** Distance in rows from an end of the window within which the next page is read. */
const PREFETCH_ROWS = 60;

/** Window at the start of the list, with nothing read. */
export function emptyWindow<Row extends Identified>(): PageWindow<Row> {
  return { pages: [], offset: 0, atStart: true, atEnd: false };
}

/** Window at the end of the list, with nothing read; `total` is the presumed length of the list. */
export function windowAtEnd<Row extends Identified>(total: number): PageWindow<Row> {
  return { pages: [], offset: total, atStart: false, atEnd: true };
}

const flattened = new WeakMap<object, readonly Identified[]>();

/** Rows of the window in order. The array is the same for the same window. */
export function windowRows<Row extends Identified>(window: PageWindow<Row>): readonly Row[] {
  const known = flattened.get(window);
  if (known !== undefined) {
    return known as readonly Row[];
  }
  const rows = window.pages.flatMap((page) => page.rows);
  flattened.set(window, rows);
  return rows;
}

function windowIds<Row extends Identified>(window: PageWindow<Row>): Set<string> {
  return new Set(windowRows(window).map((row) => row.id));
}

/** Request that the window needs when row `index` is in view, or none. */
export function wanted<Row extends Identified>(
  window: PageWindow<Row>,
  index: number,
  margin: number = PREFETCH_ROWS,
): Wanted | undefined {
  const length = windowRows(window).length;
  if (!window.atEnd && length - index <= margin) {
    return { direction: "after", cursor: window.pages.at(-1)?.end ?? null };
  }
  if (!window.atStart && index < margin) {
    return { direction: "before", cursor: window.pages[0]?.start ?? null };
  }
  return undefined;
}

/** Window with a page added behind it; pages before the greatest number of pages are dropped. */
export function appendPage<Row extends Identified>(
  window: PageWindow<Row>,
  page: LoadedPage<Row>,
  maxPages: number = WINDOW_PAGES,
): PageWindow<Row> {
  const pages = compacted([...window.pages, fresh(window, page)]);
  const dropped = pages.slice(0, Math.max(0, pages.length - maxPages));
  return {
    pages: pages.slice(dropped.length),
    offset: window.offset + countRows(dropped),
    atStart: window.atStart && dropped.length === 0,
    atEnd: !page.more,
  };
}

/** Window with a page added before it; pages behind the greatest number of pages are dropped. */
export function prependPage<Row extends Identified>(
  window: PageWindow<Row>,
  page: LoadedPage<Row>,
  maxPages: number = WINDOW_PAGES,
): PageWindow<Row> {
  const added = fresh(window, page);
  const pages = compacted([added, ...window.pages]);
  return {
    pages: pages.slice(0, maxPages),
    offset: page.more ? Math.max(0, window.offset - added.rows.length) : 0,
    atStart: !page.more,
    atEnd: window.atEnd && pages.length <= maxPages,
  };
}

/** Window without the rows of these ids. */
export function removeRows<Row extends Identified>(window: PageWindow<Row>, ids: ReadonlySet<string>): PageWindow<Row> {
  let changed = false;
  const pages = window.pages.map((page) => {
    if (!page.rows.some((row) => ids.has(row.id))) {
      return page;
    }
    changed = true;
    return { ...page, rows: page.rows.filter((row) => !ids.has(row.id)) };
  });
  return changed ? { ...window, pages: compacted(pages) } : window;
}

/** Window with rows of known ids replaced by newer versions. */
export function replaceRows<Row extends Identified>(
  window: PageWindow<Row>,
  newer: ReadonlyMap<string, Row>,
): PageWindow<Row> {
  let changed = false;
  const pages = window.pages.map((page) => {
    if (!page.rows.some((row) => newer.has(row.id))) {
      return page;
    }
    changed = true;
    return { ...page, rows: page.rows.map((row) => newer.get(row.id) ?? row) };
  });
  return changed ? { ...window, pages } : window;
}

/** Window with rows inserted before row `index`; rows that the window has already stay where they are. */
export function insertRows<Row extends Identified>(
  window: PageWindow<Row>,
  index: number,
  rows: readonly Row[],
): PageWindow<Row> {
  const known = windowIds(window);
  const added = rows.filter((row) => !known.has(row.id));
  if (added.length === 0) {
    return window;
  }
  if (window.pages.length === 0) {
    return { ...window, pages: [{ rows: added, start: null, end: null }] };
  }
  let before = 0;
  let inserted = false;
  const pages = window.pages.map((page, position) => {
    const local = index - before;
    before += page.rows.length;
    const last = position === window.pages.length - 1;
    if (inserted || (local > page.rows.length && !last)) {
      return page;
    }
    inserted = true;
    const at = Math.max(0, Math.min(local, page.rows.length));
    return { ...page, rows: [...page.rows.slice(0, at), ...added, ...page.rows.slice(at)] };
  });
  return { ...window, pages };
}

/** Page without the rows that the window has already: the list may have moved between two requests. */
function fresh<Row extends Identified>(window: PageWindow<Row>, page: Page<Row>): Page<Row> {
  const known = windowIds(window);
  const rows = page.rows.filter((row) => !known.has(row.id));
  return { rows, start: page.start, end: page.end };
}

/** Pages without the empty ones, whose outer cursors pass to their neighbours, so that no row is read twice. */
function compacted<Row extends Identified>(pages: readonly Page<Row>[]): readonly Page<Row>[] {
  const kept: Page<Row>[] = [];
  let start: string | null = null;
  for (const page of pages) {
    const last = kept.at(-1);
    if (page.rows.length > 0 || (last === undefined && pages.length === 1)) {
      kept.push(last === undefined && start !== null ? { ...page, start } : page);
    } else if (last === undefined) {
      start ??= page.start;
    } else {
      kept[kept.length - 1] = { ...last, end: page.end ?? last.end };
    }
  }
  if (kept.length === 0 && pages.length > 0) {
    return [{ rows: [], start, end: pages.findLast((page) => page.end !== null)?.end ?? null }];
  }
  return kept;
}

function countRows<Row extends Identified>(pages: readonly Page<Row>[]): number {
  return pages.reduce((sum, page) => sum + page.rows.length, 0);
}
