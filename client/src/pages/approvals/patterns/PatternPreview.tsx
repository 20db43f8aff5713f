import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { type Ref, useImperativeHandle, useState } from "react";
import { formatNumber, formatPercent } from "../../../app/format.ts";
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
import type { DecisionVerb } from "../decisions.ts";
import { HighlightedName } from "../HighlightedName.tsx";

/** Actions of the preview for keys. */
export interface PatternPreviewActions {
  decide(verb: DecisionVerb): void;
}

interface PatternPreviewProps {
  group: GroupPartsFragment;
  filter: ApprovalFilter;
  busy: boolean;
  onDecide: (verb: DecisionVerb, filter: ApprovalFilter) => void;
  onOpen: () => void;
  ref: Ref<PatternPreviewActions>;
}

/** Number of tags from which a decision asks for the number to be typed. */
const CONFIRM_FROM = 10_000;

/** End of the time in which tags were proposed that the preview shows: one millisecond after the newest of them. */
export function endOfShown(createdAt: string): string {
  return new Date(new Date(createdAt).getTime() + 1).toISOString();
}

/** Samples of a group, least sure first, how its pattern fared before, and the decision on all of it as it was shown. */
export function PatternPreview({ group, filter, busy, onDecide, onOpen, ref }: PatternPreviewProps) {
  const { canDecide } = useViewer();
  const [asked, setAsked] = useState<DecisionVerb | null>(null);
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
  const ready = canDecide && !busy && shown !== undefined;
  const decide = (verb: DecisionVerb) => {
    if (!ready) return;
    if (group.count >= CONFIRM_FROM && asked === null) setAsked(verb);
    else {
      setAsked(null);
      onDecide(verb, shown);
    }
  };
  useImperativeHandle(ref, () => ({ decide }));
  return (
    <Paper component="article" aria-label={`${group.tagKey}=${group.tagValue}`} sx={{ p: { xs: 1.5, sm: 2 } }}>
      <Typography variant="h2" sx={{ overflowWrap: "anywhere" }}>
        {group.tagKey} = {group.tagValue}
      </Typography>
      <Typography variant="body2" color="text.secondary" sx={{ overflowWrap: "anywhere", mb: 1 }}>
        {data?.leastSure.nodes[0]?.evidence.reason ?? group.evidenceSignature}
      </Typography>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {data && <Before approved={data.approved.totalCount ?? 0} denied={data.denied.totalCount ?? 0} />}
      {canDecide && data && (
        <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, my: 1.5 }}>
          <Button
            variant="contained"
            disabled={!ready}
            onClick={() => decide("APPROVE")}
            endIcon={<KeyCaps keys="a" />}
          >
            {t("approvals.approve.tags", { count: group.count })}
          </Button>
          <Button color="error" disabled={!ready} onClick={() => decide("DENY")} endIcon={<KeyCaps keys="d" />}>
            {t("approvals.deny.tags", { count: group.count })}
          </Button>
          <Button onClick={onOpen}>{t("approvals.pattern.open", { count: group.count })}</Button>
        </Box>
      )}
      {!data && !error && <Skeleton variant="rounded" height={240} />}
      {data && (
        <>
          <Samples title={t("approvals.pattern.leastSure")} rows={data.leastSure.nodes} />
          {group.count > data.leastSure.nodes.length && (
            <Samples title={t("approvals.pattern.newest")} rows={data.newest.nodes} />
          )}
        </>
      )}
      <ConfirmDialog
        open={asked !== null}
        title={`${group.tagKey}=${group.tagValue}`}
        verb={t(asked === "DENY" ? "approvals.deny.tags" : "approvals.approve.tags", { count: group.count })}
        danger={asked === "DENY"}
        typeToConfirm={formatNumber(group.count)}
        onConfirm={() => asked && decide(asked)}
        onClose={() => setAsked(null)}
      >
        {t("approvals.pattern.confirm", { count: group.count })}
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

function Samples({ title, rows }: { title: string; rows: readonly ApprovalRowFragment[] }) {
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
              gridTemplateColumns: { xs: "1fr", sm: "minmax(0, 3fr) minmax(0, 2fr) auto" },
              columnGap: 1.5,
              py: 0.5,
              borderBottom: 1,
              borderColor: "divider",
              overflowWrap: "anywhere",
            }}
          >
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
