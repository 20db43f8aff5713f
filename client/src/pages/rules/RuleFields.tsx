import Autocomplete from "@mui/material/Autocomplete";
import Box from "@mui/material/Box";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import FormHelperText from "@mui/material/FormHelperText";
import Skeleton from "@mui/material/Skeleton";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { lazy, Suspense } from "react";
import { Controller, type UseFormReturn, useWatch } from "react-hook-form";
import { t } from "../../app/i18n.ts";
import type { RuleLanguageParts } from "./celLanguage.ts";
import type { ConditionNote } from "./ConditionEditor.tsx";
import type { RuleForm } from "./form.ts";

const ConditionEditor = lazy(() => import("./ConditionEditor.tsx"));

interface RuleFieldsProps {
  form: UseFormReturn<RuleForm>;
  /** Errors of the service, by field. */
  mistakes: ReadonlyMap<string, string>;
  notes: readonly ConditionNote[];
  language: RuleLanguageParts;
  readOnly: boolean;
  onSave: () => void;
}

/** Fields of a rule with their errors. */
export function RuleFields({ form, mistakes, notes, language, readOnly, onSave }: RuleFieldsProps) {
  const { control, register, formState } = form;
  const tagKey = useWatch({ control, name: "tagKey" });
  const options = {
    tagKey: language.vocabulary.map(({ name }) => name),
    tagValue: language.vocabulary.find(({ name }) => name === tagKey)?.values.map(({ name }) => name) ?? [],
  };
  const errorOf = (name: keyof RuleForm) => formState.errors[name]?.message ?? mistakes.get(name);
  const text = (name: "ruleName" | "confidence" | "priority" | "description" | "effectiveFrom" | "effectiveTo") => ({
    ...register(name),
    label: t(`rules.field.${name}`),
    error: errorOf(name) !== undefined,
    helperText: errorOf(name),
    disabled: readOnly,
  });
  const conditionError = errorOf("condition") ?? notes.find(({ severity }) => severity === "error")?.message;
  const dates = { inputLabel: { shrink: true } };
  return (
    <>
      <TextField {...text("ruleName")} required />
      <Box sx={{ display: "grid", gridTemplateColumns: { xs: "1fr", sm: "1fr 1fr" }, gap: 2 }}>
        {(["tagKey", "tagValue"] as const).map((name) => (
          <Controller
            key={name}
            control={control}
            name={name}
            render={({ field: { value, onChange, onBlur, ref } }) => (
              <Autocomplete
                freeSolo
                disabled={readOnly}
                options={options[name]}
                inputValue={value}
                onInputChange={(_event, next) => onChange(next)}
                renderInput={(params) => (
                  <TextField
                    {...params}
                    inputRef={ref}
                    onBlur={onBlur}
                    required
                    label={t(`rules.field.${name}`)}
                    error={errorOf(name) !== undefined}
                    helperText={errorOf(name)}
                  />
                )}
              />
            )}
          />
        ))}
      </Box>
      <Box>
        <Typography variant="body2" component="div" id="condition-label" sx={{ mb: 0.5 }}>
          {t("rules.field.condition")}
        </Typography>
        <Suspense fallback={<Skeleton variant="rounded" height={96} aria-label={t("rules.editor.loading")} />}>
          <Controller
            control={control}
            name="condition"
            render={({ field }) => (
              <ConditionEditor
                id="condition"
                label={t("rules.field.condition")}
                describedBy="condition-help"
                value={field.value}
                onChange={field.onChange}
                invalid={conditionError !== undefined}
                readOnly={readOnly}
                notes={notes}
                language={language}
                onSave={onSave}
              />
            )}
          />
        </Suspense>
        <FormHelperText id="condition-help" error={conditionError !== undefined}>
          {conditionError ?? t("rules.conditionHelp")}
        </FormHelperText>
      </Box>
      <Box sx={{ display: "grid", gridTemplateColumns: { xs: "1fr", sm: "1fr 1fr" }, gap: 2 }}>
        <TextField {...text("confidence")} slotProps={{ htmlInput: { inputMode: "decimal" } }} />
        <TextField {...text("priority")} slotProps={{ htmlInput: { inputMode: "numeric" } }} />
        <TextField {...text("effectiveFrom")} type="datetime-local" slotProps={dates} />
        <TextField {...text("effectiveTo")} type="datetime-local" slotProps={dates} />
      </Box>
      <TextField {...text("description")} multiline minRows={2} />
      <Box>
        {(["enabled", "corrects"] as const).map((name) => (
          <Controller
            key={name}
            control={control}
            name={name}
            render={({ field }) => (
              <FormControlLabel
                disabled={readOnly}
                control={
                  <Checkbox checked={field.value} onChange={field.onChange} slotProps={{ input: { ref: field.ref } }} />
                }
                label={t(`rules.field.${name}`)}
              />
            )}
          />
        ))}
      </Box>
    </>
  );
}
