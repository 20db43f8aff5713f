import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { type Ref, useImperativeHandle, useState } from "react";
import { clientConfig } from "../../../app/config.ts";
import { formatNumber } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { useViewer } from "../../../app/viewer.tsx";
import { UserErrors } from "../../../components/UserErrors.tsx";
import { KeyCaps } from "../../../keys/KeyCaps.tsx";
import type { AcceptedTagInput, SuggestionPartsFragment, UserErrorPartsFragment } from "../../../gql/graphql.ts";
import { SuggestedTags } from "./SuggestedTags.tsx";
import { SuggestionSamples } from "./SuggestionSamples.tsx";

/** Actions of the card for keys. */
export interface SuggestionCardActions {
  accept(): void;
  acceptAll(): void;
  dismiss(): void;
  toggle(position: number): void;
}

/** Tag of the card as the person has left it. */
export interface DraftTag {
  tagKey: string;
  tagValue: string;
  isTaken: boolean;
}

interface SuggestionCardProps {
  suggestion: SuggestionPartsFragment;
  busy: boolean;
  errors: readonly UserErrorPartsFragment[];
  onAccept: (suggestion: SuggestionPartsFragment, tags: AcceptedTagInput[]) => Promise<void>;
  onDismiss: (suggestion: SuggestionPartsFragment) => Promise<void>;
  ref: Ref<SuggestionCardActions>;
}

/** Drafts of the suggested tags: those are ticked that are likely enough to be reviewed at all. */
function draftsOf(suggestion: SuggestionPartsFragment, review: number): DraftTag[] {
  return suggestion.tags.map(({ tagKey, tagValue, precisionLowerBound }) => ({
    tagKey,
    tagValue,
    isTaken: tagValue !== "" && precisionLowerBound >= review,
  }));
}

/** Suggestion in full: its tags with what speaks for and against them, samples, and the decision. */
export function SuggestionCard({ suggestion, busy, errors, onAccept, onDismiss, ref }: SuggestionCardProps) {
  const { canDecide } = useViewer();
  const [drafts, setDrafts] = useState(() => draftsOf(suggestion, clientConfig().thresholds.review));
  const complete = drafts.filter(({ tagValue }) => tagValue.trim() !== "");
  const taken = complete.filter(({ isTaken }) => isTaken);
  const change = (position: number, changed: Partial<DraftTag>) =>
    setDrafts((before) => before.map((draft, at) => (at === position ? { ...draft, ...changed } : draft)));
  const accept = (tags: readonly DraftTag[]) => {
    if (canDecide && !busy && tags.length > 0) {
      void onAccept(
        suggestion,
        tags.map(({ tagKey, tagValue }) => ({ tagKey, tagValue: tagValue.trim() })),
      );
    }
  };
  const dismiss = () => {
    if (canDecide && !busy) void onDismiss(suggestion);
  };
  useImperativeHandle(ref, () => ({
    accept: () => accept(taken),
    acceptAll: () => accept(complete),
    dismiss,
    toggle: (position) => {
      const draft = drafts[position];
      if (draft) change(position, { isTaken: !draft.isTaken });
    },
  }));
  return (
    <Paper component="article" aria-label={suggestion.description} sx={{ p: { xs: 1.5, sm: 2 } }}>
      <Typography variant="h2" sx={{ overflowWrap: "anywhere" }}>
        {suggestion.description}
      </Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mb: 1.5 }}>
        {t("approvals.suggestion.resources", { count: suggestion.resourceCount })} ·{" "}
        {t("approvals.suggestion.accounts", { count: suggestion.accounts.length })}
        {suggestion.cost !== null &&
          suggestion.cost !== undefined &&
          ` · ${t("approvals.suggestion.cost", { amount: formatNumber(suggestion.cost) })}`}
      </Typography>
      <SuggestedTags
        suggestion={suggestion}
        drafts={drafts}
        readOnly={!canDecide}
        onChange={change}
        onSubmit={() => accept(taken)}
      />
      <UserErrors errors={errors} />
      {canDecide && (
        <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center", mt: 1.5 }}>
          <Button
            variant="contained"
            disabled={busy || taken.length === 0}
            onClick={() => accept(taken)}
            endIcon={<KeyCaps keys="a" />}
          >
            {t("approvals.suggestion.accept", { count: taken.length })}
          </Button>
          {complete.length > taken.length && (
            <Button variant="outlined" disabled={busy} onClick={() => accept(complete)}>
              {t("approvals.suggestion.acceptAll")}
            </Button>
          )}
          <Button color="error" disabled={busy} onClick={dismiss} endIcon={<KeyCaps keys="d" />}>
            {t("approvals.suggestion.dismiss")}
          </Button>
          {taken.length === 0 && (
            <Typography variant="body2" color="textSecondary">
              {t("approvals.suggestion.nothingTicked")}
            </Typography>
          )}
        </Box>
      )}
      <SuggestionSamples suggestion={suggestion} />
    </Paper>
  );
}
