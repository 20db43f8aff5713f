import Alert from "@mui/material/Alert";
import AlertTitle from "@mui/material/AlertTitle";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import { describeError, type Problem } from "../app/errors.ts";
import { t } from "../app/i18n.ts";
import { expireSession } from "../app/session.ts";

const severity = {
  forbidden: "info",
  missing: "info",
  limited: "warning",
  unavailable: "warning",
  offline: "warning",
} as const;

function severityOf({ kind }: Problem) {
  return kind in severity ? severity[kind as keyof typeof severity] : "error";
}

/** Error of a part of the page, in its place: what happened, what to do, and the request's id for a report. */
export function ErrorPanel({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = describeError(error);
  return (
    <Alert
      severity={severityOf(problem)}
      action={
        problem.kind === "unauthenticated" ? (
          <Button color="inherit" size="small" onClick={expireSession}>
            {t("common.user.signIn")}
          </Button>
        ) : (
          onRetry && (
            <Button color="inherit" size="small" onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )
        )
      }
    >
      <AlertTitle>{t(`common.error.${problem.kind}`)}</AlertTitle>
      <Box sx={{ overflowWrap: "anywhere" }}>
        {problem.message}
        {problem.retryAfter !== undefined && ` ${t("common.error.retryAfter", { count: problem.retryAfter })}`}
      </Box>
      {problem.requestId !== undefined && (
        <Box sx={{ mt: 0.5, fontFamily: "ui-monospace, monospace", fontSize: 12 }}>
          {t("common.error.request", { id: problem.requestId })}
        </Box>
      )}
    </Alert>
  );
}
