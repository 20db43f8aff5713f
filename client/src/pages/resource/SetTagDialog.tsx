import Autocomplete from "@mui/material/Autocomplete";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { Controller, useForm, useWatch } from "react-hook-form";
import { z } from "zod/mini";
import { t } from "../../app/i18n.ts";
import { useAction } from "../../components/useAction.ts";
import { UserErrors } from "../../components/UserErrors.tsx";
import {
  ChangeTagDocument,
  DenyTagsDocument,
  type ResourceDetailQuery,
  SetTagDocument,
  type UserErrorPartsFragment,
} from "../../gql/graphql.ts";
import { decisionMistake } from "./decisionMistake.ts";

const needed = (length: number) =>
  z.string().check(z.trim(), z.minLength(1, t("resource.set.needed")), z.maxLength(length));
const schema = z.object({
  tagKey: needed(128),
  tagValue: needed(1024),
  reason: z.string().check(z.trim(), z.maxLength(1000)),
});

/** Tag that the dialog sets: a new one, the given manual one with another value, or the right one in place of a proposal. */
export interface TagDraft {
  tagKey: string;
  tagValue: string;
  /** Manual tag to change; a new tag is created without it. */
  id?: string;
  /** Proposed tag with a wrong value, which is denied. */
  wrongId?: string;
}

interface SetTagDialogProps {
  resourceId: string;
  draft: TagDraft;
  vocabulary: ResourceDetailQuery["vocabulary"];
  onDone: () => void;
  onClose: () => void;
}

/** Form of a tag that a person sets; keys and values come from the vocabulary, others are taken, too. */
export default function SetTagDialog({ resourceId, draft, vocabulary, onDone, onClose }: SetTagDialogProps) {
  const { act, busy } = useAction();
  const [errors, setErrors] = useState<readonly UserErrorPartsFragment[]>([]);
  const { control, register, handleSubmit, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { tagKey: draft.tagKey, tagValue: draft.tagValue, reason: "" },
  });
  const key = useWatch({ control, name: "tagKey" });
  const values = vocabulary.find(({ name }) => name === key)?.values.map(({ name }) => name) ?? [];
  const submit = handleSubmit(async ({ tagKey, tagValue, reason }) => {
    const done = t("resource.done.set", { tag: `${tagKey}=${tagValue}` });
    const because = reason === "" ? null : reason;
    const options = { quiet: true, done };
    const payload =
      draft.wrongId !== undefined
        ? await act(
            DenyTagsDocument,
            { input: { ids: [draft.wrongId], correctedValue: tagValue, reason: because } },
            (data) => decisionMistake(data.denyTags),
            options,
          )
        : draft.id === undefined
          ? await act(
              SetTagDocument,
              { input: { resourceId, tagKey, tagValue, reason: because } },
              (data) => data.createVirtualTag,
              options,
            )
          : await act(
              ChangeTagDocument,
              { input: { id: draft.id, tagValue, reason: because } },
              (data) => data.updateVirtualTag,
              options,
            );
    setErrors(payload?.userErrors ?? []);
    if (payload?.userErrors.length === 0) onDone();
  });
  const options = { tagKey: vocabulary.map(({ name }) => name), tagValue: values };
  const isNew = draft.id === undefined && draft.wrongId === undefined;
  const title = isNew
    ? t("resource.set.title")
    : t(draft.wrongId === undefined ? "resource.set.changeTitle" : "resource.set.correctTitle", { key: draft.tagKey });
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="set-tag">
      <form onSubmit={(event) => void submit(event)} noValidate>
        <DialogTitle id="set-tag">{title}</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            <UserErrors errors={errors} />
            {(["tagKey", "tagValue"] as const).map((name) => (
              <Controller
                key={name}
                control={control}
                name={name}
                render={({ field: { onChange, value, ref, onBlur } }) => (
                  <Autocomplete
                    freeSolo
                    options={options[name]}
                    inputValue={value}
                    onInputChange={(_event, text) => onChange(text)}
                    disabled={name === "tagKey" && !isNew}
                    renderInput={(params) => (
                      <TextField
                        {...params}
                        inputRef={ref}
                        onBlur={onBlur}
                        autoFocus={name === (draft.tagKey === "" ? "tagKey" : "tagValue")}
                        label={t(name === "tagKey" ? "resource.set.key" : "resource.set.value")}
                        error={formState.errors[name] !== undefined}
                        helperText={formState.errors[name]?.message}
                      />
                    )}
                  />
                )}
              />
            ))}
            <TextField {...register("reason")} label={t("resource.set.reason")} />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={busy}>
            {t("resource.set.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
