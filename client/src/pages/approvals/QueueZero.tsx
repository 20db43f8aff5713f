import Button from "@mui/material/Button";
import { Link } from "react-router";
import { t } from "../../app/i18n.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import type { ApprovalFigures } from "./useFigures.ts";

/** Queue in which nothing waits: all is decided, or nothing has come yet. */
export function QueueZero({ figures }: { figures: ApprovalFigures | undefined }) {
  if (figures?.decidedLastDay === 0) {
    return (
      <EmptyState
        title={t("approvals.none.nothing")}
        description={t("approvals.none.nothingHelp")}
        action={
          <Button component={Link} to="/imports" variant="outlined">
            {t("dashboard.coverage.import")}
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState
      title={t("approvals.none.title")}
      description={figures && t("approvals.none.help", { count: figures.decidedLastDay })}
    />
  );
}
