import ChevronLeft from "@mui/icons-material/ChevronLeft";
import ChevronRight from "@mui/icons-material/ChevronRight";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useId, useRef } from "react";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import type { ConnectionList } from "../../components/useConnection.ts";

interface MasterDetailProps<Row> {
  label: string;
  list: ConnectionList<Row>;
  /** Rows of the list that are still shown. */
  rows: readonly Row[];
  rowId: (row: Row) => string;
  index: number;
  onIndex: (index: number) => void;
  item: (row: Row) => ReactNode;
  itemHeight: number;
  detail: ReactNode;
  element: RefObject<HTMLDivElement | null>;
}

/** List with the row at the cursor in full beside it; on a narrow page the row alone, with the way to its neighbours. */
export function MasterDetail<Row>(props: MasterDetailProps<Row>) {
  const { label, list, rows, index, onIndex, detail, element } = props;
  const { hasMore, loading, loadingMore, loadMore, error } = list;
  const nearEnd = index >= rows.length - 20;
  useEffect(() => {
    if (nearEnd && hasMore && !loading && !loadingMore && error === undefined) loadMore();
  }, [nearEnd, hasMore, loading, loadingMore, error, loadMore]);
  const total = Math.max(rows.length, (list.total ?? 0) - (list.rows.length - rows.length));
  return (
    <Box
      ref={element}
      sx={{ display: "grid", gap: 1.5, gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "minmax(280px, 2fr) 3fr" } }}
    >
      <Paper sx={{ display: { xs: "none", md: "block" }, overflow: "hidden", alignSelf: "start" }}>
        <MasterList {...props} total={total} />
      </Paper>
      <Box sx={{ minWidth: 0 }}>
        <Box sx={{ display: { xs: "flex", md: "none" }, alignItems: "center", mb: 1 }}>
          <Button size="small" startIcon={<ChevronLeft />} disabled={index <= 0} onClick={() => onIndex(index - 1)}>
            {t("approvals.suggestion.previous")}
          </Button>
          <Typography variant="body2" sx={{ flex: 1, textAlign: "center" }} aria-label={label}>
            {t("approvals.suggestion.position", { position: index + 1, total })}
          </Typography>
          <Button
            size="small"
            endIcon={<ChevronRight />}
            disabled={index >= rows.length - 1}
            onClick={() => onIndex(index + 1)}
          >
            {t("approvals.suggestion.next")}
          </Button>
        </Box>
        {detail}
      </Box>
    </Box>
  );
}

function MasterList<Row>(props: MasterDetailProps<Row> & { total: number }) {
  const { label, rows, rowId, index, onIndex, item, itemHeight, total } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useId();
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while rendering only
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => itemHeight,
    overscan: 8,
  });
  useEffect(() => {
    if (index >= 0 && index < rows.length) virtualizer.scrollToIndex(index, { align: "auto" });
  }, [index, rows.length, virtualizer]);
  return (
    <>
      <Box
        ref={scroller}
        role="grid"
        aria-label={label}
        aria-rowcount={total}
        aria-activedescendant={index >= 0 ? `${prefix}${index}` : undefined}
        tabIndex={0}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            onIndex(Math.max(0, Math.min(rows.length - 1, index + step)));
          }
        }}
        sx={{
          overflow: "auto",
          height: "calc(100dvh - 350px)",
          minHeight: 240,
          "&:focus-visible": { outlineOffset: -2 },
        }}
      >
        <Box role="rowgroup" sx={{ height: virtualizer.getTotalSize(), position: "relative" }}>
          {virtualizer.getVirtualItems().map((each) => {
            const row = rows[each.index];
            return row === undefined ? null : (
              <Box
                key={rowId(row)}
                id={`${prefix}${each.index}`}
                role="row"
                aria-rowindex={each.index + 1}
                aria-selected={each.index === index}
                onClick={() => onIndex(each.index)}
                sx={{
                  position: "absolute",
                  insetInline: 0,
                  top: each.start,
                  height: itemHeight,
                  px: 1.5,
                  py: 1,
                  cursor: "pointer",
                  overflow: "hidden",
                  borderBottom: 1,
                  borderColor: "divider",
                  boxShadow: each.index === index ? "inset 3px 0 0 var(--mui-palette-primary-main)" : undefined,
                  bgcolor: each.index === index ? "action.selected" : undefined,
                  "&:hover": { bgcolor: each.index === index ? "action.selected" : "action.hover" },
                }}
              >
                <Box role="gridcell">{item(row)}</Box>
              </Box>
            );
          })}
        </Box>
      </Box>
      <Typography variant="body2" color="textSecondary" sx={{ px: 1.5, py: 0.5, borderTop: 1, borderColor: "divider" }}>
        {t("common.table.shownOf", { shown: formatNumber(rows.length), total: formatNumber(total) })}
      </Typography>
    </>
  );
}
