import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { formatNumber } from "../app/format.ts";
import { t } from "../app/i18n.ts";
import { EmptyState } from "./EmptyState.tsx";
import { ErrorPanel } from "./ErrorPanel.tsx";
import type { ConnectionList } from "./useConnection.ts";

export interface TableColumn<Row> {
  id: string;
  header: string;
  /** Width as a track of a CSS grid: `120px`, `minmax(160px, 2fr)`. */
  width: string;
  align?: "start" | "end";
  cell: (row: Row) => ReactNode;
}

interface ConnectionTableProps<Row> {
  label: string;
  list: ConnectionList<Row>;
  columns: readonly TableColumn<Row>[];
  rowId: (row: Row) => string;
  /** Opens a row by click or Enter. */
  onOpen?: (row: Row) => void;
  empty?: ReactNode;
  rowHeight?: number;
  maxHeight?: string;
}

/** Table of a connection: virtual rows, more of them at the end, arrow keys from row to row. */
export function ConnectionTable<Row>(props: ConnectionTableProps<Row>) {
  const { label, list, columns, rowId, onOpen, empty, rowHeight = 44, maxHeight = "calc(100dvh - 220px)" } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while rendering only
  const virtualizer = useVirtualizer({
    count: list.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const { hasMore, loadingMore, loading, loadMore, error } = list;
  const nearEnd = last >= list.rows.length - 20;
  useEffect(() => {
    if (nearEnd && last >= 0 && hasMore && !loadingMore && !loading && error === undefined) loadMore();
  }, [nearEnd, last, hasMore, loadingMore, loading, error, loadMore]);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(list.rows.length - 1, to));
    setCurrent(next);
    virtualizer.scrollToIndex(next);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
  };
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = list.rows[current];
    if (event.target instanceof HTMLElement && event.target.dataset.index === undefined) return;
    if (event.key === "Enter" && onOpen && row !== undefined) onOpen(row);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(list.rows.length - 1);
    else if (event.key in steps) move(current + (steps[event.key] ?? 0));
    else return;
    event.preventDefault();
  };

  if (list.error !== undefined && list.rows.length === 0)
    return <ErrorPanel error={list.error} onRetry={list.reload} />;
  if (!list.loading && list.rows.length === 0)
    return <Paper>{empty ?? <EmptyState title={t("common.page.missing")} />}</Paper>;
  const tracks = columns.map(({ width }) => width).join(" ");
  return (
    <Paper sx={{ overflow: "hidden" }}>
      <Box sx={{ height: 4 }}>
        {(list.loading || list.loadingMore) && <LinearProgress aria-label={t("common.loading")} />}
      </Box>
      <Box ref={scroller} sx={{ overflow: "auto", maxHeight, overflowAnchor: "none" }}>
        <Box
          role="grid"
          aria-label={label}
          aria-rowcount={list.hasMore ? (list.total ?? -1) : list.rows.length + 1}
          aria-busy={list.loading}
          onKeyDown={onKeyDown}
          sx={{ minWidth: "fit-content" }}
        >
          <Box role="rowgroup" sx={{ position: "sticky", top: 0, zIndex: 1, bgcolor: "background.paper" }}>
            <Box
              role="row"
              aria-rowindex={1}
              sx={{ display: "grid", gridTemplateColumns: tracks, borderBottom: 1, borderColor: "divider" }}
            >
              {columns.map((column) => (
                <Box
                  role="columnheader"
                  key={column.id}
                  sx={{ px: 1.5, py: 1, fontWeight: 650, textAlign: column.align, whiteSpace: "nowrap" }}
                >
                  {column.header}
                </Box>
              ))}
            </Box>
          </Box>
          <Box role="rowgroup" sx={{ height: virtualizer.getTotalSize(), position: "relative" }}>
            {items.map((item) => {
              const row = list.rows[item.index];
              return row === undefined ? null : (
                <Box
                  role="row"
                  key={rowId(row)}
                  data-index={item.index}
                  aria-rowindex={item.index + 2}
                  tabIndex={item.index === current ? 0 : -1}
                  onFocus={() => setCurrent(item.index)}
                  onClick={onOpen && (() => onOpen(row))}
                  sx={{
                    position: "absolute",
                    insetInline: 0,
                    top: item.start,
                    height: rowHeight,
                    display: "grid",
                    gridTemplateColumns: tracks,
                    alignItems: "center",
                    borderBottom: 1,
                    borderColor: "divider",
                    cursor: onOpen ? "pointer" : undefined,
                    "&:hover": { bgcolor: "action.hover" },
                    "&:focus-visible": { outlineOffset: -2 },
                  }}
                >
                  {columns.map((column) => (
                    <Box
                      role="gridcell"
                      key={column.id}
                      sx={{
                        px: 1.5,
                        minWidth: 0,
                        overflow: "hidden",
                        textOverflow: "ellipsis",
                        whiteSpace: "nowrap",
                        textAlign: column.align,
                      }}
                    >
                      {column.cell(row)}
                    </Box>
                  ))}
                </Box>
              );
            })}
          </Box>
        </Box>
      </Box>
      <TableFoot list={list} />
    </Paper>
  );
}

/** Number of rows, the way to more of them, and an error of the last page. */
function TableFoot<Row>({ list }: { list: ConnectionList<Row> }) {
  const shown = formatNumber(list.rows.length);
  const total = list.total === null ? null : formatNumber(list.total);
  return (
    <Box
      sx={{
        display: "flex",
        flexWrap: "wrap",
        alignItems: "center",
        gap: 1,
        px: 1.5,
        py: 0.5,
        borderTop: 1,
        borderColor: "divider",
      }}
    >
      <Typography variant="body2" color="textSecondary" role="status" sx={{ flex: 1 }}>
        {total === null
          ? t("common.table.shown", { shown })
          : t(list.totalIsEstimate ? "common.table.shownOfAbout" : "common.table.shownOf", { shown, total })}
      </Typography>
      {list.hasMore && (
        <Button size="small" onClick={list.loadMore} disabled={list.loadingMore}>
          {t("common.loadMore")}
        </Button>
      )}
      {list.error !== undefined && <ErrorPanel error={list.error} onRetry={list.loadMore} />}
    </Box>
  );
}
