import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { Controller, useForm } from "react-hook-form";
import { useNavigate } from "react-router";
import { z } from "zod/mini";
import { t } from "../../app/i18n.ts";
import { SelectInput } from "../../components/TextInput.tsx";
import { useAction } from "../../components/useAction.ts";
import { UserErrors } from "../../components/UserErrors.tsx";
import { AddResourceDocument, type UserErrorPartsFragment } from "../../gql/graphql.ts";
import { readTagLines } from "../resource/nativeTags.ts";

const needed = z.string().check(z.trim(), z.minLength(1, t("resources.field.required")), z.maxLength(1024));
const schema = z.object({
  cloud: z.enum(["AWS", "AZURE", "GCP"]),
  accountId: needed,
  resourceType: needed,
  resourceId: needed,
  name: needed,
  region: z.string().check(z.trim()),
  nativeTags: z.string().check(
    z.superRefine((value, context) => {
      const { wrongLines } = readTagLines(value);
      if (wrongLines.length > 0) {
        context.addIssue({ code: "custom", message: t("resources.field.tagLines", { lines: wrongLines.join(", ") }) });
      }
    }),
  ),
});
type Form = z.infer<typeof schema>;

const names = ["accountId", "resourceType", "resourceId", "name", "region", "nativeTags"] as const;

/** Form of a resource that discovery does not find. */
export default function AddResourceDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const { act, busy } = useAction();
  const [errors, setErrors] = useState<readonly UserErrorPartsFragment[]>([]);
  const { control, register, handleSubmit, formState, reset } = useForm<Form>({
    resolver: zodResolver(schema),
    defaultValues: {
      cloud: "AWS",
      accountId: "",
      resourceType: "",
      resourceId: "",
      name: "",
      region: "",
      nativeTags: "",
    },
  });
  const submit = handleSubmit(async ({ nativeTags, region, ...form }) => {
    const input = { ...form, region: region === "" ? null : region, nativeTags: readTagLines(nativeTags).tags };
    const payload = await act(AddResourceDocument, { input }, (data) => data.createResource, {
      quiet: true,
      done: t("resources.add.done", { name: form.name }),
    });
    setErrors(payload?.userErrors ?? []);
    if (!payload?.resource) return;
    reset();
    onClose();
    await navigate(`/resources/${payload.resource.id}`);
  });
  return (
    <Dialog open={open} onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="add-resource">
      <form onSubmit={(event) => void submit(event)} noValidate>
        <DialogTitle id="add-resource">{t("resources.add")}</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            <UserErrors errors={errors} />
            <Controller
              control={control}
              name="cloud"
              render={({ field }) => (
                <SelectInput
                  label={t("resources.field.cloud")}
                  value={field.value}
                  options={["AWS", "AZURE", "GCP"].map((cloud) => ({ value: cloud, label: cloud }))}
                  onChange={field.onChange}
                />
              )}
            />
            {names.map((name) => (
              <TextField
                key={name}
                {...register(name)}
                label={t(`resources.field.${name}`)}
                required={name !== "region" && name !== "nativeTags"}
                multiline={name === "nativeTags"}
                minRows={name === "nativeTags" ? 3 : undefined}
                error={formState.errors[name] !== undefined}
                helperText={formState.errors[name]?.message}
              />
            ))}
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={busy}>
            {t("resources.add")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
