import { useMutation } from "@apollo/client/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { describeError } from "../../../app/errors.ts";
import { t } from "../../../app/i18n.ts";
import { useConnection } from "../../../components/useConnection.ts";
import { useNotify } from "../../../components/UndoSnackbar.tsx";
import {
  AcceptSuggestionDocument,
  type AcceptedTagInput,
  DismissSuggestionDocument,
  RevokeSuggestionDocument,
  type SuggestionPartsFragment,
  SuggestionsDocument,
  type UserErrorPartsFragment,
} from "../../../gql/graphql.ts";
import { suggestionFilter, type ApprovalsView } from "../view.ts";

const PAGE = 20;

/** Queue of suggestions with a cursor: what is decided leaves, the next one takes its place. */
export function useSuggestions(view: ApprovalsView) {
  const notify = useNotify();
  const list = useConnection(
    SuggestionsDocument,
    { first: PAGE, filter: suggestionFilter(view) },
    ({ ruleSuggestions }) => ({
      rows: ruleSuggestions.nodes,
      endCursor: ruleSuggestions.pageInfo.endCursor,
      hasNextPage: ruleSuggestions.pageInfo.hasNextPage,
      totalCount: ruleSuggestions.totalCount,
    }),
  );
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [returned, setReturned] = useState<readonly SuggestionPartsFragment[]>([]);
  const [wish, setWish] = useState(0);
  const [errors, setErrors] = useState<readonly UserErrorPartsFragment[]>([]);
  const [acceptMutation, accepting] = useMutation(AcceptSuggestionDocument);
  const [dismissMutation, dismissing] = useMutation(DismissSuggestionDocument);
  const [revokeMutation, revoking] = useMutation(RevokeSuggestionDocument);
  const accepted = useRef<SuggestionPartsFragment[]>([]);

  const rows = useMemo(() => {
    const back = new Set(returned.map((row) => row.id));
    return [...returned, ...list.rows.filter((row) => !gone.has(row.id) && !back.has(row.id))];
  }, [list.rows, gone, returned]);
  const index = Math.max(0, Math.min(rows.length - 1, wish));
  const count = rows.length;
  const setIndex = useCallback(
    (change: (before: number) => number) => {
      setErrors([]);
      setWish((before) => Math.max(0, Math.min(count - 1, change(Math.min(before, count - 1)))));
    },
    [count],
  );
  const leave = (id: string) => {
    setErrors([]);
    setGone((before) => new Set(before).add(id));
    setReturned((before) => before.filter((row) => row.id !== id));
  };
  const failed = (error: unknown) => notify({ message: describeError(error).message, severity: "error" });

  const revoke = useCallback(
    async (suggestion: SuggestionPartsFragment) => {
      try {
        const { data } = await revokeMutation({ variables: { input: { id: suggestion.id } } });
        const payload = data?.revokeRuleSuggestion;
        const [first] = payload?.userErrors ?? [];
        if (first) return notify({ message: first.message, severity: "error" });
        accepted.current = accepted.current.filter((other) => other.id !== suggestion.id);
        setReturned((before) => [payload?.suggestion ?? suggestion, ...before]);
        setWish(0);
        notify({ message: t("approvals.suggestion.revoked", { description: suggestion.description }) });
      } catch (error) {
        notify({ message: describeError(error).message, severity: "error" });
      }
    },
    [notify, revokeMutation],
  );
  const undoLast = useCallback(() => {
    const last = accepted.current.at(-1);
    if (last) void revoke(last);
  }, [revoke]);

  const accept = async (suggestion: SuggestionPartsFragment, tags: AcceptedTagInput[]) => {
    const { id, signature, description } = suggestion;
    try {
      const { data } = await acceptMutation({ variables: { input: { id, signature, tags } } });
      const problems = data?.acceptRuleSuggestion.userErrors ?? [];
      if (problems.length > 0) return setErrors(problems);
      leave(id);
      accepted.current.push(suggestion);
      notify({
        message: t("approvals.suggestion.accepted", { description }),
        undo: () => void revoke(suggestion),
      });
    } catch (error) {
      failed(error);
    }
  };
  const dismiss = async ({ id, description }: SuggestionPartsFragment) => {
    try {
      const { data } = await dismissMutation({ variables: { input: { id } } });
      const problems = data?.dismissRuleSuggestion.userErrors ?? [];
      if (problems.length > 0) return setErrors(problems);
      leave(id);
      notify({ message: t("approvals.suggestion.dismissed", { description }) });
    } catch (error) {
      failed(error);
    }
  };
  return {
    list,
    rows,
    index,
    current: rows[index],
    setIndex,
    accept,
    dismiss,
    undoLast,
    errors,
    busy: accepting.loading || dismissing.loading || revoking.loading,
  };
}
