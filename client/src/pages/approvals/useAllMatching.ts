import { useCallback, useEffect, useRef, useState } from "react";
import { describeError } from "../../app/errors.ts";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import type { ApprovalFilter } from "../../gql/graphql.ts";
import { countMatching, type MatchingTags } from "./decisions.ts";

/** Selection of all tags that a filter matches, as they are counted when somebody asks for them. */
export function useAllMatching(filter: ApprovalFilter | undefined) {
  const notify = useNotify();
  const [selected, setSelected] = useState<{ text: string; tags: MatchingTags } | null>(null);
  const [isCounting, setCounting] = useState(false);
  const text = JSON.stringify(filter ?? null);
  const latest = useRef(0);
  // Another filter is another selection, also while the tags of the former one are counted.
  if (selected !== null && selected.text !== text) setSelected(null);
  useEffect(() => {
    latest.current++;
  }, [text]);
  const clear = useCallback(() => {
    latest.current++;
    setSelected(null);
  }, []);
  const select = useCallback(
    async (then?: () => void) => {
      const own = ++latest.current;
      const asked = JSON.parse(text) as ApprovalFilter | null;
      if (asked === null) return;
      setCounting(true);
      try {
        const tags = await countMatching(asked);
        if (own !== latest.current) return;
        setSelected({ text, tags });
        then?.();
      } catch (error) {
        notify({ message: describeError(error).message, severity: "error" });
      } finally {
        setCounting(false);
      }
    },
    [notify, text],
  );
  return { tags: selected?.tags ?? null, isCounting, select, clear };
}
