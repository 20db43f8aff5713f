import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useMemo, useRef } from "react";
import { useNavigate } from "react-router";
import { formatAmount, formatEnum, formatPercent } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorPanel } from "../../../components/ErrorPanel.tsx";
import { useKeys } from "../../../keys/KeysProvider.tsx";
import type { GroupPartsFragment } from "../../../gql/graphql.ts";
import { AllMatchingBar, type AllMatchingActions } from "../AllMatchingBar.tsx";
import { FollowedRuns } from "../FollowedRuns.tsx";
import { HistoryStrip } from "../HistoryStrip.tsx";
import { MasterDetail } from "../MasterDetail.tsx";
import { QueueZero } from "../QueueZero.tsx";
import { useAllMatching } from "../useAllMatching.ts";
import type { ApprovalFigures } from "../useFigures.ts";
import { approvalsCodec, type ApprovalsView, queueFilter } from "../view.ts";
import { PatternPreview, type PatternPreviewActions } from "./PatternPreview.tsx";
import { groupFilter, groupId, usePatterns } from "./usePatterns.ts";

/** Groups of tags with the same key, value and evidence: one decision for all of them. */
export default function Patterns({ view, figures }: { view: ApprovalsView; figures: ApprovalFigures | undefined }) {
  const patterns = usePatterns(view);
  const navigate = useNavigate();
  const element = useRef<HTMLDivElement>(null);
  const preview = useRef<PatternPreviewActions>(null);
  const { list, rows, index, current, setIndex, bulk } = patterns;
  const { history, undo } = bulk;
  const last = history.at(-1);
  const { canDecide } = useViewer();
  const filter = queueFilter(view);
  const all = useAllMatching(filter);
  const bar = useRef<AllMatchingActions>(null);
  const isAll = all.tags !== null;
  const { clear } = all;
  const open = useMemo(
    () => (group: GroupPartsFragment) => {
      const { tagKey: key, tagValue: value, source, evidenceSignature: signature } = group;
      const search = approvalsCodec.encode({ ...view, key, value, source: source as never, signature }).toString();
      void navigate({ pathname: "/approvals/single", search });
    },
    [navigate, view],
  );
  const bindings = useMemo(
    () => [
      { id: "next", keys: "j", label: t("approvals.key.next"), run: () => setIndex((before) => before + 1) },
      { id: "previous", keys: "k", label: t("approvals.key.previous"), run: () => setIndex((before) => before - 1) },
      {
        id: "approve",
        keys: "a",
        label: t("approvals.approve"),
        run: () => (isAll ? bar : preview).current?.decide("APPROVE"),
      },
      { id: "deny", keys: "d", label: t("approvals.deny"), run: () => (isAll ? bar : preview).current?.decide("DENY") },
      { id: "clear", keys: "Escape", label: t("approvals.key.clear"), run: clear },
      { id: "open", keys: "Enter", label: t("approvals.key.open"), run: () => current && open(current) },
      { id: "undo", keys: "u", label: t("approvals.undo"), run: () => last && void undo(last) },
    ],
    [setIndex, current, open, last, undo, isAll, clear],
  );
  useKeys("patterns", t("approvals.patterns"), bindings, element);
  return (
    <>
      <FollowedRuns runs={bulk.runs} onForget={bulk.forget} onEnd={list.reload} />
      {all.tags && (
        <AllMatchingBar
          ref={bar}
          tags={all.tags}
          busy={bulk.busy}
          onClear={clear}
          onDecide={async (verb, label, count, selection) => {
            await bulk.decide({ verb, label, count, selection, restore: list.reload });
            clear();
            list.reload();
          }}
        />
      )}
      {all.tags === null && filter && canDecide && rows.length > 0 && (
        <Button size="small" disabled={all.isCounting} onClick={() => void all.select()} sx={{ mb: 1 }}>
          {t("approvals.all.select")}
        </Button>
      )}
      <HistoryStrip
        entries={history.map((entry) => ({
          ...entry,
          id: `${entry.number}`,
          refusals: [],
          onUndo: () => void undo(entry),
        }))}
      />
      {list.error !== undefined && rows.length === 0 && <ErrorPanel error={list.error} onRetry={list.reload} />}
      {list.loading && rows.length === 0 && <Skeleton variant="rounded" height={320} />}
      {!list.loading && list.error === undefined && current === undefined && (
        <>{filter ? <EmptyState title={t("approvals.none.filtered")} /> : <QueueZero figures={figures} />}</>
      )}
      {current !== undefined && (
        <MasterDetail
          element={element}
          label={t("approvals.pattern.list")}
          list={list}
          rows={rows}
          rowId={groupId}
          index={index}
          onIndex={(next) => setIndex(() => next)}
          itemHeight={64}
          item={(group) => <PatternItem group={group} />}
          detail={
            <PatternPreview
              key={groupId(current)}
              ref={preview}
              group={current}
              filter={groupFilter(view, current)}
              busy={bulk.busy}
              onDecide={(verb, count, selection) => void patterns.decide(verb, current, count, selection)}
              onOpen={() => open(current)}
            />
          }
        />
      )}
    </>
  );
}

function PatternItem({ group }: { group: GroupPartsFragment }) {
  const from = formatPercent(group.minConfidence);
  const to = formatPercent(group.maxConfidence);
  return (
    <>
      <Box sx={{ display: "flex", gap: 1 }}>
        <Typography noWrap sx={{ flex: 1 }} title={`${group.tagKey}=${group.tagValue}`}>
          {group.tagKey}=<b>{group.tagValue}</b>
        </Typography>
        <Box component="span" sx={{ fontVariantNumeric: "tabular-nums" }}>
          {t("approvals.pattern.members", { count: group.count })}
          {group.costAtStake && ` · ${formatAmount(group.costAtStake.amount, group.costAtStake.currency)}`}
        </Box>
      </Box>
      <Typography noWrap variant="body2" color="textSecondary" title={group.evidenceSignature}>
        {from === to ? from : `${from}–${to}`} · {formatEnum(group.source)} ·{" "}
        {group.evidenceSignature.startsWith("CONTRADICTS:") && (
          <Box component="span" sx={{ color: "warning.main" }}>
            {t("approvals.pattern.contradicts")} ·{" "}
          </Box>
        )}
        {group.evidenceSignature}
      </Typography>
    </>
  );
}
