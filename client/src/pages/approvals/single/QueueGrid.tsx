import Paper from "@mui/material/Paper";
import Box from "@mui/material/Box";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useLayoutEffect, useRef } from "react";
import { t } from "../../../app/i18n.ts";
import type { ApprovalRowFragment } from "../../../gql/graphql.ts";
import { cursorIndex, isSelected, type Triage, type TriageAction, type Verb } from "../../../queue/triage.ts";
import { windowRows } from "../../../queue/window.ts";
import { QueueRow } from "./QueueRow.tsx";

interface QueueGridProps {
  state: Triage<ApprovalRowFragment>;
  dispatch: (action: TriageAction<ApprovalRowFragment>) => void;
  decide: (verb: Verb, ids?: readonly string[]) => void;
  total: number | null;
  isNarrow: boolean;
  canDecide: boolean;
  onDetail: () => void;
  onShown: (shown: { first: number; last: number }) => void;
}

const ROW_HEIGHT = 44;
const CARD_HEIGHT = 116;

/** Rows of the window, of which only those in view are in the page. The rows in view stay where they are. */
export function QueueGrid(props: QueueGridProps) {
  const { state, dispatch, decide, total, isNarrow, canDecide, onDetail, onShown } = props;
  const rows = windowRows(state.window);
  const index = cursorIndex(state);
  const height = isNarrow ? CARD_HEIGHT : ROW_HEIGHT;
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useId();
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while rendering only
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  // The first row in view keeps its place when rows above it come or go.
  const former = useRef(rows);
  useLayoutEffect(() => {
    const element = scroller.current;
    const at = Math.floor((element?.scrollTop ?? 0) / height);
    const anchor = former.current[at];
    if (anchor !== undefined && former.current !== rows && rows[at]?.id !== anchor.id) {
      const now = rows.findIndex((row) => row.id === anchor.id);
      if (now >= 0) element?.scrollBy(0, (now - at) * height);
    }
    former.current = rows;
  }, [rows, height]);
  useEffect(() => {
    if (index >= 0) virtualizer.scrollToIndex(index, { align: "auto" });
  }, [index, state.cursor, virtualizer]);
  useEffect(() => virtualizer.measure(), [height, virtualizer]);
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onShown({ first, last }), [first, last, onShown]);
  return (
    <Paper sx={{ overflow: "hidden", alignSelf: "start" }}>
      <Box
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label={t("approvals.single.list")}
        aria-rowcount={total ?? (state.window.atEnd ? state.window.offset + rows.length : -1)}
        aria-multiselectable
        aria-activedescendant={index >= 0 ? `${prefix}${state.cursor ?? ""}` : undefined}
        onKeyDown={(event) => {
          const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
          const by = steps[event.key];
          if (by === undefined || event.target !== event.currentTarget) return;
          event.preventDefault();
          dispatch({ type: "move", by, extend: event.shiftKey });
        }}
        sx={{
          height: { xs: "calc(100dvh - 260px)", md: "calc(100dvh - 350px)" },
          minHeight: 240,
          overflow: "auto",
          overflowAnchor: "none",
          "&:focus-visible": { outlineOffset: -2 },
        }}
      >
        <Box role="rowgroup" sx={{ height: virtualizer.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            return row === undefined ? null : (
              <QueueRow
                key={row.id}
                id={`${prefix}${row.id}`}
                row={row}
                rowIndex={state.window.offset + item.index + 1}
                top={item.start}
                height={height}
                isCard={isNarrow}
                isCurrent={row.id === state.cursor}
                isSelected={isSelected(state, row.id)}
                departure={state.departures.get(row.id)}
                canDecide={canDecide}
                dispatch={dispatch}
                decide={decide}
                onDetail={onDetail}
              />
            );
          })}
        </Box>
      </Box>
    </Paper>
  );
}
