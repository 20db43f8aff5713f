import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import Paper from "@mui/material/Paper";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { type Ref, useImperativeHandle, useState } from "react";
import { formatAmount, formatMonth, formatNumber, formatPercent } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { ConfirmDialog } from "../../../components/ConfirmDialog.tsx";
import { Confidence } from "../../../components/Confidence.tsx";
import { ErrorPanel } from "../../../components/ErrorPanel.tsx";
import { KeyCaps } from "../../../keys/KeyCaps.tsx";
import {
  type ApprovalFilter,
  ApprovalGroupPreviewDocument,
  type ApprovalRowFragment,
  type GroupPartsFragment,
} from "../../../gql/graphql.ts";
import { CONFIRM_FROM } from "../AllMatchingBar.tsx";
import { type BoundedFilter, type DecisionVerb, endOfShown, mostOf } from "../decisions.ts";
import { HighlightedName } from "../HighlightedName.tsx";

/** Actions of the preview for keys. */
export interface PatternPreviewActions {
  decide(verb: DecisionVerb): void;
}

interface PatternPreviewProps {
  group: GroupPartsFragment;
  filter: ApprovalFilter;
  busy: boolean;
  onDecide: (verb: DecisionVerb, count: number, selection: BoundedFilter) => void;
  onOpen: () => void;
  ref: Ref<PatternPreviewActions>;
}

/**
 * Samples of a group, least sure first, how its pattern fared before, and the decision on all of it as it was shown, but
 * for samples that are taken out.
 */
export function PatternPreview({ group, filter, busy, onDecide, onOpen, ref }: PatternPreviewProps) {
  const { canDecide } = useViewer();
  const [asked, setAsked] = useState<DecisionVerb | null>(null);
  const [except, setExcept] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setExcept((before) => new Set(before.has(id) ? [...before].filter((other) => other !== id) : [...before, id]));
  const { data, error, refetch } = useQuery(ApprovalGroupPreviewDocument, {
    variables: {
      filter,
      approved: { ...sameEvidence(group), status: "APPROVED" },
      denied: { ...sameEvidence(group), status: "DENIED" },
    },
    fetchPolicy: "no-cache",
  });
  const newest = data?.newest.nodes[0]?.createdAt;
  // Tags that came after the samples were shown are not decided.
  const shown = newest === undefined ? undefined : { ...filter, createdBefore: endOfShown(newest) };
  const stats = data?.approvalStats;
  const isExact = stats !== undefined && !stats.isEstimate;
  const count = Math.max(0, (isExact ? stats.pending : group.count) - except.size);
  const expectAtMost = mostOf(count, !isExact);
  const ready = count > 0 && canDecide && !busy && shown !== undefined;
  const decide = (verb: DecisionVerb) => {
    if (!ready) return;
    if (count >= CONFIRM_FROM && asked === null) setAsked(verb);
    else {
      setAsked(null);
      onDecide(verb, count, { filter: shown, exceptIds: [...except], expectAtMost });
    }
  };
  useImperativeHandle(ref, () => ({ decide }));
  const samples = { except, onToggle: canDecide ? toggle : undefined };
  return (
    <Paper component="article" aria-label={`${group.tagKey}=${group.tagValue}`} sx={{ p: { xs: 1.5, sm: 2 } }}>
      <Typography variant="h2" sx={{ overflowWrap: "anywhere" }}>
        {group.tagKey} = {group.tagValue}
      </Typography>
      <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: "anywhere", mb: 1 }}>
        {data?.leastSure.nodes[0]?.evidence.reason ?? group.evidenceSignature}
      </Typography>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {group.costAtStake && (
        <Typography variant="body2">
          {t("approvals.pattern.cost", {
            amount: formatAmount(group.costAtStake.amount, group.costAtStake.currency),
            month: formatMonth(group.costAtStake.month),
          })}
        </Typography>
      )}
      {data && <Before approved={data.approved.totalCount ?? 0} denied={data.denied.totalCount ?? 0} />}
      {canDecide && data && (
        <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, my: 1.5 }}>
          <Button
            variant="contained"
            disabled={!ready}
            onClick={() => decide("APPROVE")}
            endIcon={<KeyCaps keys="a" />}
          >
            {t("approvals.approve.tags", { count })}
          </Button>
          <Button color="error" disabled={!ready} onClick={() => decide("DENY")} endIcon={<KeyCaps keys="d" />}>
            {t("approvals.deny.tags", { count })}
          </Button>
          <Button onClick={onOpen}>{t("approvals.pattern.open", { count: group.count })}</Button>
        </Box>
      )}
      {!data && !error && <Skeleton variant="rounded" height={240} />}
      {data && (
        <>
          <Samples title={t("approvals.pattern.leastSure")} rows={data.leastSure.nodes} {...samples} />
          {group.count > data.leastSure.nodes.length && (
            <Samples title={t("approvals.pattern.newest")} rows={data.newest.nodes} {...samples} />
          )}
        </>
      )}
      <ConfirmDialog
        open={asked !== null}
        title={`${group.tagKey}=${group.tagValue}`}
        verb={t(asked === "DENY" ? "approvals.deny.tags" : "approvals.approve.tags", { count })}
        danger={asked === "DENY"}
        typeToConfirm={formatNumber(count)}
        onConfirm={() => asked && decide(asked)}
        onClose={() => setAsked(null)}
      >
        {isExact
          ? t("approvals.pattern.confirm", { count })
          : `${t("approvals.all.askAbout", { count, most: expectAtMost })} ${t("approvals.all.run")}`}
      </ConfirmDialog>
    </Paper>
  );
}

function sameEvidence({ tagKey, tagValue, source, evidenceSignature }: GroupPartsFragment) {
  return { tagKey, tagValue, source, evidenceSignature };
}

function Before({ approved, denied }: { approved: number; denied: number }) {
  const count = approved + denied;
  return (
    <Typography variant="body2">
      {count === 0
        ? t("approvals.pattern.noneBefore")
        : t("approvals.pattern.before", { percent: formatPercent(approved / count), count })}
    </Typography>
  );
}

interface SamplesProps {
  title: string;
  rows: readonly ApprovalRowFragment[];
  except: ReadonlySet<string>;
  /** Takes a sample out of the decision, or into it again; undefined for callers who cannot decide. */
  onToggle: ((id: string) => void) | undefined;
}

function Samples({ title, rows, except, onToggle }: SamplesProps) {
  return (
    <>
      <Typography variant="h3" sx={{ mt: 1.5, mb: 0.5 }}>
        {title}
      </Typography>
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
        {rows.map((row) => (
          <Box
            component="li"
            key={row.id}
            sx={{
              display: "grid",
              gridTemplateColumns: { xs: "28px 1fr", sm: "28px minmax(0, 3fr) minmax(0, 2fr) auto" },
              alignItems: "center",
              "& > :nth-of-type(n + 3)": { gridColumnStart: { xs: 2, sm: "auto" } },
              columnGap: 1.5,
              py: 0.5,
              borderBottom: 1,
              borderColor: "divider",
              overflowWrap: "anywhere",
            }}
          >
            <Box component="span">
              {onToggle && (
                <Checkbox
                  size="small"
                  checked={!except.has(row.id)}
                  onChange={() => onToggle(row.id)}
                  slotProps={{
                    input: { "aria-label": t("approvals.pattern.include", { name: row.resource?.name ?? "–" }) },
                  }}
                  sx={{ p: 0.25 }}
                />
              )}
            </Box>
            <HighlightedName row={row} />
            <Box component="span" sx={{ color: "text.secondary" }}>
              {row.resource?.resourceType} · {row.resource?.accountId}
            </Box>
            <Confidence value={row.confidence} compact />
          </Box>
        ))}
      </Box>
    </>
  );
}
