import { useMutation } from "@apollo/client/react";
import { zodResolver } from "@hookform/resolvers/zod";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import FormControlLabel from "@mui/material/FormControlLabel";
import TextField from "@mui/material/TextField";
import { useId } from "react";
import { Controller, useForm, type UseFormReturn } from "react-hook-form";
import { clientConfig } from "../../app/config.ts";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { SelectInput } from "../../components/TextInput.tsx";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import { UserErrors } from "../../components/UserErrors.tsx";
import { EditVocabularyKeyDocument, type VocabularyKeyPartsFragment } from "../../gql/graphql.ts";
import { toForm, toInput, type VocabularyForm, vocabularyFormSchema } from "./vocabularyForm.ts";

type Form = UseFormReturn<VocabularyForm>;

function ThresholdField({ form, name }: { form: Form; name: "review" | "autoApply" }) {
  const error = form.formState.errors[name]?.message;
  const value = String(clientConfig().thresholds[name]);
  return (
    <TextField
      label={t(`settings.vocabulary.${name}`)}
      error={error !== undefined}
      helperText={error ?? t("settings.vocabulary.threshold", { value })}
      {...form.register(name)}
      slotProps={{ htmlInput: { inputMode: "decimal" } }}
    />
  );
}

function Check({ form, name, label }: { form: Form; name: "governed" | "required" | "open"; label: string }) {
  return (
    <Controller
      control={form.control}
      name={name}
      render={({ field: { value, onChange, ref, ...field } }) => (
        <FormControlLabel
          label={label}
          control={<Checkbox {...field} slotProps={{ input: { ref } }} checked={value} onChange={onChange} />}
        />
      )}
    />
  );
}

function Fields({ form }: { form: Form }) {
  return (
    <Box sx={{ display: "grid", gap: 2, pt: 1 }}>
      <TextField label={t("settings.vocabulary.description")} multiline {...form.register("description")} />
      <Controller
        control={form.control}
        name="approval"
        render={({ field }) => (
          <SelectInput
            label={t("settings.vocabulary.approval")}
            value={field.value}
            options={(["REQUIRED", "AUTOMATIC"] as const).map((value) => ({
              value,
              label: t(`settings.vocabulary.approval.${value}`),
            }))}
            onChange={field.onChange}
          />
        )}
      />
      <ThresholdField form={form} name="review" />
      <ThresholdField form={form} name="autoApply" />
      <Box sx={{ display: "grid" }}>
        <Check form={form} name="governed" label={t("settings.vocabulary.governedHelp")} />
        <Check form={form} name="required" label={t("settings.vocabulary.requiredHelp")} />
        <Check form={form} name="open" label={t("settings.vocabulary.open")} />
      </Box>
      <TextField label={t("settings.vocabulary.pattern")} {...form.register("pattern")} />
      <TextField
        label={t("settings.vocabulary.synonyms")}
        multiline
        minRows={2}
        maxRows={8}
        {...form.register("synonyms")}
      />
    </Box>
  );
}

/** Edits one key; a change that somebody else made meanwhile is not overwritten. */
export default function VocabularyKeyDialog(props: { vocabularyKey: VocabularyKeyPartsFragment; onClose: () => void }) {
  const { vocabularyKey: key, onClose } = props;
  const form = useForm<VocabularyForm>({ resolver: zodResolver(vocabularyFormSchema), defaultValues: toForm(key) });
  const [edit, { data, error, loading }] = useMutation(EditVocabularyKeyDocument);
  const notify = useNotify();
  const id = useId();
  const save = form.handleSubmit(async (values) => {
    const result = await edit({ variables: { input: toInput(key, values) } }).catch(() => undefined);
    const payload = result?.data?.updateVocabularyKey;
    if (!payload || payload.userErrors.length > 0) return;
    notify({
      message: t(payload.run ? "settings.vocabulary.saved" : "settings.vocabulary.unchanged", { key: key.name }),
    });
    onClose();
  });
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby={id}>
      <Box component="form" noValidate onSubmit={(event) => void save(event)} sx={{ display: "contents" }}>
        <DialogTitle id={id}>{t("settings.vocabulary.edit", { key: key.name })}</DialogTitle>
        <DialogContent>
          <Fields form={form} />
          <Box sx={{ mt: 2, display: "grid", gap: 1 }}>
            <UserErrors errors={data?.updateVocabularyKey.userErrors} />
            {error && <ErrorPanel error={error} />}
          </Box>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={loading}>
            {t("settings.vocabulary.save", { key: key.name })}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  );
}
