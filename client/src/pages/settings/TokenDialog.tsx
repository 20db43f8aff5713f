import { zodResolver } from "@hookform/resolvers/zod";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import TextField from "@mui/material/TextField";
import { useId, useState } from "react";
import { Controller, useForm } from "react-hook-form";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { SelectInput } from "../../components/TextInput.tsx";
import { useAction } from "../../components/useAction.ts";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import { UserErrors } from "../../components/UserErrors.tsx";
import { CreateApiTokenDocument, type UserErrorPartsFragment } from "../../gql/graphql.ts";
import { emptyToken, lifetimes, roles, type TokenForm, tokenFormSchema, toTokenInput } from "./tokenForm.ts";

function Secret({ secret }: { secret: string }) {
  const notify = useNotify();
  const copy = () => void navigator.clipboard.writeText(secret).then(() => notify({ message: t("common.copied") }));
  return (
    <Alert severity="success" action={<Button onClick={copy}>{t("settings.tokens.copy")}</Button>}>
      {t("settings.tokens.once")}
      <Box component="code" sx={{ display: "block", mt: 1, overflowWrap: "anywhere" }}>
        {secret}
      </Box>
    </Alert>
  );
}

/** Makes a token; its secret is shown once. */
export default function TokenDialog({ onCreated, onClose }: { onCreated: () => void; onClose: () => void }) {
  const { control, register, handleSubmit, formState } = useForm<TokenForm>({
    resolver: zodResolver(tokenFormSchema),
    defaultValues: emptyToken,
  });
  const { act, busy } = useAction();
  const [errors, setErrors] = useState<readonly UserErrorPartsFragment[]>([]);
  const [secret, setSecret] = useState<string | null>(null);
  const id = useId();
  const create = handleSubmit(async (form) => {
    const input = toTokenInput(form);
    const payload = await act(CreateApiTokenDocument, { input }, (data) => data.createApiToken, { quiet: true });
    setErrors(payload?.userErrors ?? []);
    if (!payload?.secret) return;
    setSecret(payload.secret);
    onCreated();
  });
  return (
    <Dialog open onClose={secret === null ? onClose : undefined} fullWidth maxWidth="sm" aria-labelledby={id}>
      <Box component="form" noValidate onSubmit={(event) => void create(event)} sx={{ display: "contents" }}>
        <DialogTitle id={id}>{t("settings.tokens.new")}</DialogTitle>
        <DialogContent>
          {secret !== null ? (
            <Secret secret={secret} />
          ) : (
            <Box sx={{ display: "grid", gap: 2, pt: 1 }}>
              <TextField
                label={t("settings.tokens.name")}
                required
                error={formState.errors.name !== undefined}
                helperText={formState.errors.name?.message ?? t("settings.tokens.nameHelp")}
                {...register("name")}
              />
              <Controller
                control={control}
                name="role"
                render={({ field }) => (
                  <SelectInput
                    label={t("settings.tokens.role")}
                    value={field.value}
                    options={roles.map((value) => ({ value, label: formatEnum(value) }))}
                    onChange={field.onChange}
                  />
                )}
              />
              <Controller
                control={control}
                name="days"
                render={({ field }) => (
                  <SelectInput
                    label={t("settings.tokens.lifetime")}
                    value={field.value}
                    options={lifetimes.map((value) => ({ value, label: t("settings.tokens.days", { count: +value }) }))}
                    onChange={field.onChange}
                  />
                )}
              />
              <TextField
                label={t("settings.tokens.accounts")}
                helperText={t("settings.tokens.accountsHelp")}
                {...register("accounts")}
              />
              <UserErrors errors={errors} />
            </Box>
          )}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t(secret === null ? "common.cancel" : "common.close")}</Button>
          {secret === null && (
            <Button type="submit" variant="contained" disabled={busy}>
              {t("settings.tokens.create")}
            </Button>
          )}
        </DialogActions>
      </Box>
    </Dialog>
  );
}
