import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { t } from "../../app/i18n.ts";
import { TextInput } from "../../components/TextInput.tsx";
import { useAction } from "../../components/useAction.ts";
import { UserErrors } from "../../components/UserErrors.tsx";
import { EditScheduleDocument, type SchedulePartsFragment, type UserErrorPartsFragment } from "../../gql/graphql.ts";

/** Form of a schedule's cron expression and time zone; the service tells what is wrong with them. */
export default function EditScheduleDialog({
  schedule,
  onClose,
}: {
  schedule: SchedulePartsFragment;
  onClose: () => void;
}) {
  const { act, busy } = useAction();
  const [errors, setErrors] = useState<readonly UserErrorPartsFragment[]>([]);
  const { register, handleSubmit } = useForm({
    defaultValues: { cron: schedule.cron, timeZone: schedule.timeZone },
  });
  const job = t(`automation.job.${schedule.jobName}`);
  const submit = handleSubmit(async ({ cron, timeZone }) => {
    const input = { jobName: schedule.jobName, cron: cron.trim(), timeZone: timeZone.trim() };
    const payload = await act(EditScheduleDocument, { input }, (data) => data.updateSchedule, {
      quiet: true,
      done: t("automation.done.edited", { job }),
    });
    setErrors(payload?.userErrors ?? []);
    if (payload?.schedule && payload.userErrors.length === 0) onClose();
  });
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="edit-schedule">
      <form onSubmit={(event) => void submit(event)} noValidate>
        <DialogTitle id="edit-schedule">{t("automation.edit.title", { job })}</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            <UserErrors errors={errors} />
            <TextInput
              {...register("cron")}
              autoFocus
              label={t("automation.edit.cron")}
              helperText={t("automation.edit.cronHelp")}
              error={errors.some(({ field }) => field?.endsWith("cron"))}
            />
            <TextInput
              {...register("timeZone")}
              label={t("automation.edit.timeZone")}
              error={errors.some(({ field }) => field?.endsWith("timeZone"))}
            />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={busy}>
            {t("common.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
