import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import { useSyncExternalStore } from "react";
import { t } from "../../app/i18n.ts";
import { sender } from "./decisions.ts";

/** Notice of decisions that could not be saved; nothing while they are. */
export function OutboxBar() {
  const { failure, unconfirmed, isFull } = useSyncExternalStore(sender.subscribe, sender.getState);
  if (failure === null || unconfirmed === 0) return null;
  return (
    <Alert
      severity="warning"
      sx={{ mb: 1 }}
      action={
        <Button color="inherit" size="small" onClick={() => sender.flush()}>
          {t("approvals.outbox.retry")}
        </Button>
      }
    >
      {t("approvals.outbox.waiting", { count: unconfirmed })} {isFull ? t("approvals.outbox.full") : failure}
    </Alert>
  );
}
