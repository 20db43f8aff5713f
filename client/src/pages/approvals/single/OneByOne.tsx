import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Drawer from "@mui/material/Drawer";
import Paper from "@mui/material/Paper";
import Skeleton from "@mui/material/Skeleton";
import useMediaQuery from "@mui/material/useMediaQuery";
import { type Theme } from "@mui/material/styles";
import { Suspense, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { formatNumber } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { later } from "../../../app/later.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorPanel } from "../../../components/ErrorPanel.tsx";
import { Loading } from "../../../components/Loading.tsx";
import { visuallyHidden } from "../../../components/visuallyHidden.ts";
import { useKeys } from "../../../keys/KeysProvider.tsx";
import { cursorRow, type Verb } from "../../../queue/triage.ts";
import { windowRows } from "../../../queue/window.ts";
import { AllMatchingBar, type AllMatchingActions } from "../AllMatchingBar.tsx";
import { FollowedRuns } from "../FollowedRuns.tsx";
import { HistoryStrip } from "../HistoryStrip.tsx";
import { QueueZero } from "../QueueZero.tsx";
import { useBulkDecisions } from "../useBulkDecisions.ts";
import type { ApprovalFigures } from "../useFigures.ts";
import { type ApprovalsView, queueFilter } from "../view.ts";
import { DecisionBar } from "./DecisionBar.tsx";
import { QueueGrid } from "./QueueGrid.tsx";
import { RowDetail } from "./RowDetail.tsx";
import { queueBindings } from "./queueBindings.ts";
import { lastDenial, stripEntries } from "./strip.ts";
import { useMatchingSelection } from "./useMatchingSelection.ts";
import { useQueue } from "./useQueue.ts";
import { useStable } from "./useStable.ts";

const CorrectDialog = later(() => import("./CorrectDialog.tsx"));

interface OneByOneProps {
  view: ApprovalsView;
  setView: (change: (view: ApprovalsView) => ApprovalsView) => void;
  figures: ApprovalFigures | undefined;
}

/** Tags one by one, decided by keys; what is decided leaves at once, and comes back by undo. */
export default function OneByOne({ view, setView, figures }: OneByOneProps) {
  const { canDecide } = useViewer();
  const navigate = useNavigate();
  const filter = queueFilter(view);
  const queue = useQueue(filter, view.order ?? "CONFIDENCE_DESC");
  const { state, dispatch, restart } = queue;
  const bulk = useBulkDecisions();
  const { all, exceptIds, excepted, selectAll, selectMatching, decideMatching } = useMatchingSelection(
    filter,
    queue,
    bulk,
  );
  const bar = useRef<AllMatchingActions>(null);
  const isAll = state.exceptions !== null && all.tags !== null;
  const decide = useStable((verb: Verb, ids?: readonly string[], value?: string) => {
    if (isAll && ids === undefined) {
      if (verb !== "SKIP") bar.current?.decide(verb);
    } else queue.decide(verb, ids, value);
  });
  const strip = stripEntries(state.history, bulk.history, {
    single: (number) => queue.undo(number),
    bulk: (entry) => void bulk.undo(entry),
  });
  const undo = useStable(() => strip.at(-1)?.onUndo());
  const denial = lastDenial(state.history, bulk.history);
  const giveReason = useStable((reason: string) => denial && queue.giveReason(denial, reason));
  // Rows that a run decided leave by themselves: the list is not read anew under somebody who goes on with another row.
  const onRunEnd = () => {
    if (state.cursor === null || state.departures.has(state.cursor)) restart();
  };
  const element = useRef<HTMLDivElement>(null);
  const isWide = useMediaQuery((theme: Theme) => theme.breakpoints.up("md"), { noSsr: true });
  const [detailOpen, setDetailOpen] = useState(false);
  const [correcting, setCorrecting] = useState(false);
  const rows = windowRows(state.window);
  const row = cursorRow(state);
  const total = filter ? null : (figures?.pending ?? null);
  const resource = row?.resource?.id;

  const bindings = useMemo(
    () =>
      queueBindings({
        dispatch,
        decide,
        undo: () => undo(),
        selectAll,
        giveReason,
        refresh: () => restart(),
        toEnd: () => restart(total ?? 0),
        correct: () => setCorrecting(true),
        detail: () => setDetailOpen(true),
        open: () => resource !== undefined && void navigate(`/resources/${resource}`),
      }),
    [dispatch, decide, undo, giveReason, restart, navigate, resource, total, selectAll],
  );
  useKeys("queue", t("approvals.single"), bindings, element);

  const detail = row && (
    <RowDetail
      row={row}
      onSamePattern={() =>
        setView((before) => ({
          ...before,
          key: row.tagKey,
          value: row.tagValue,
          source: row.source as never,
          signature: row.evidenceSignature,
        }))
      }
    />
  );
  return (
    <Box ref={element}>
      {isAll && all.tags ? (
        <AllMatchingBar
          ref={bar}
          tags={all.tags}
          exceptIds={exceptIds}
          excepted={excepted}
          busy={bulk.busy}
          onDecide={decideMatching}
          onClear={() => dispatch({ type: "clearSelection" })}
        />
      ) : (
        <DecisionBar
          state={state}
          dispatch={dispatch}
          decide={decide}
          giveReason={denial && giveReason}
          onCorrect={() => setCorrecting(true)}
          onSelectMatching={filter && !all.isCounting ? selectMatching : undefined}
        />
      )}
      <FollowedRuns runs={bulk.runs} onForget={bulk.forget} onEnd={onRunEnd} />
      <HistoryStrip entries={strip} />
      {state.fresh.size > 0 && (
        <Box sx={{ textAlign: "center", mb: 1 }}>
          <Button size="small" variant="contained" title={t("approvals.single.newTitle")} onClick={() => restart()}>
            {t("approvals.single.new", { count: state.fresh.size })}
          </Button>
        </Box>
      )}
      {queue.error !== undefined && <ErrorPanel error={queue.error} onRetry={() => restart()} />}
      {queue.isLoading && rows.length === 0 && <Skeleton variant="rounded" height={320} />}
      {!queue.isLoading && queue.error === undefined && rows.length === 0 && state.window.atEnd && (
        <>{filter ? <EmptyState title={t("approvals.none.filtered")} /> : <QueueZero figures={figures} />}</>
      )}
      {rows.length > 0 && (
        <Box
          sx={{
            display: "grid",
            gap: 1.5,
            gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "minmax(0, 3fr) minmax(280px, 2fr)" },
          }}
        >
          <QueueGrid
            state={state}
            dispatch={dispatch}
            decide={decide}
            total={total}
            isNarrow={!isWide}
            canDecide={canDecide}
            onDetail={() => setDetailOpen(true)}
            onShown={queue.setShown}
          />
          {isWide && (
            <Paper
              sx={{ p: 2, alignSelf: "start", maxHeight: "calc(100dvh - 350px)", minHeight: 240, overflow: "auto" }}
              tabIndex={0}
              aria-label={t("approvals.single.detail")}
              role="region"
            >
              {detail}
            </Paper>
          )}
        </Box>
      )}
      {!isWide && (
        <Drawer
          anchor="bottom"
          open={detailOpen}
          onClose={() => setDetailOpen(false)}
          slotProps={{ paper: { "aria-label": t("approvals.single.detail") } }}
        >
          <Box sx={{ p: 2, maxHeight: "80dvh", overflow: "auto" }}>
            {detail}
            <Button onClick={() => setDetailOpen(false)}>{t("common.close")}</Button>
          </Box>
        </Drawer>
      )}
      {row && correcting && (
        <Suspense fallback={<Loading overlay />}>
          <CorrectDialog
            row={row}
            onClose={() => setCorrecting(false)}
            onCorrect={(value) => {
              setCorrecting(false);
              decide("DENY", [row.id], value);
            }}
          />
        </Suspense>
      )}
      <Box sx={visuallyHidden} role="status">
        {state.history.length > 0 &&
          `${t(`approvals.history.${state.history.at(-1)?.verb ?? "SKIP"}`)} ${state.history.at(-1)?.label ?? ""} (${formatNumber(state.history.length)})`}
      </Box>
    </Box>
  );
}
