import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useMemo, useRef } from "react";
import { Link } from "react-router";
import { formatNumber } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorPanel } from "../../../components/ErrorPanel.tsx";
import { useKeys } from "../../../keys/KeysProvider.tsx";
import type { SuggestionPartsFragment } from "../../../gql/graphql.ts";
import { MasterDetail } from "../MasterDetail.tsx";
import { QueueZero } from "../QueueZero.tsx";
import type { ApprovalFigures } from "../useFigures.ts";
import type { ApprovalsView } from "../view.ts";
import { SuggestionCard, type SuggestionCardActions } from "./SuggestionCard.tsx";
import { useSuggestions } from "./useSuggestions.ts";

/** Suggestions of rules: one card is one pattern with all keys that it settles. */
export default function Suggestions({ view, figures }: { view: ApprovalsView; figures: ApprovalFigures | undefined }) {
  const queue = useSuggestions(view);
  const element = useRef<HTMLDivElement>(null);
  const card = useRef<SuggestionCardActions>(null);
  const { list, rows, index, current, setIndex, undoLast } = queue;
  const bindings = useMemo(
    () => [
      { id: "next", keys: "j", label: t("approvals.key.next"), run: () => setIndex((before) => before + 1) },
      { id: "previous", keys: "k", label: t("approvals.key.previous"), run: () => setIndex((before) => before - 1) },
      {
        id: "accept",
        keys: "a",
        label: t("approvals.suggestion.accept", { count: 2 }),
        run: () => card.current?.accept(),
      },
      {
        id: "acceptAll",
        keys: "Shift+a",
        label: t("approvals.suggestion.acceptAll"),
        run: () => card.current?.acceptAll(),
      },
      { id: "dismiss", keys: "d", label: t("approvals.suggestion.dismiss"), run: () => card.current?.dismiss() },
      { id: "undo", keys: "u", label: t("approvals.undo"), run: undoLast },
    ],
    [setIndex, undoLast],
  );
  useKeys("suggestions", t("approvals.suggestions"), bindings, element);
  if (list.error !== undefined && rows.length === 0) return <ErrorPanel error={list.error} onRetry={list.reload} />;
  if (list.loading && rows.length === 0) return <Skeleton variant="rounded" height={320} />;
  if (current === undefined) {
    if (figures?.pending === 0) return <QueueZero figures={figures} />;
    return (
      <EmptyState
        title={t("approvals.suggestion.none")}
        description={t("approvals.suggestion.noneHelp")}
        action={
          <Button component={Link} to="/approvals/patterns" variant="contained">
            {t("approvals.suggestion.toPatterns")}
          </Button>
        }
      />
    );
  }
  return (
    <MasterDetail
      element={element}
      label={t("approvals.suggestion.list")}
      list={list}
      rows={rows}
      rowId={(row) => row.id}
      index={index}
      onIndex={(next) => setIndex(() => next)}
      itemHeight={64}
      item={(row) => <SuggestionItem row={row} />}
      detail={
        <SuggestionCard
          key={`${current.id}${current.signature}`}
          ref={card}
          suggestion={current}
          busy={queue.busy}
          errors={queue.errors}
          onAccept={queue.accept}
          onDismiss={queue.dismiss}
        />
      }
    />
  );
}

function SuggestionItem({ row }: { row: SuggestionPartsFragment }) {
  return (
    <>
      <Typography noWrap sx={{ fontWeight: 600 }}>
        {row.description}
      </Typography>
      <Box sx={{ display: "flex", gap: 1, color: "text.secondary", fontSize: 12.5 }}>
        <Box component="span" sx={{ whiteSpace: "nowrap" }}>
          {t("approvals.suggestion.resources", { count: row.resourceCount })}
        </Box>
        <span>·</span>
        <Typography noWrap variant="inherit" title={row.tags.map((tag) => tag.tagKey).join(", ")}>
          {formatNumber(row.tags.length)} × {row.tags.map((tag) => tag.tagKey).join(", ")}
        </Typography>
      </Box>
    </>
  );
}
