import { t } from "../../app/i18n.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import type { ApprovalFigures } from "./useFigures.ts";

/** Queue in which nothing waits. */
export function QueueZero({ figures }: { figures: ApprovalFigures | undefined }) {
  return (
    <EmptyState
      title={t("approvals.none.title")}
      description={figures && t("approvals.none.help", { count: figures.decidedLastDay })}
    />
  );
}
