import { z } from "zod/mini";
import { t } from "../../app/i18n.ts";
import type { UpdateVocabularyKeyInput, VocabularyKeyPartsFragment } from "../../gql/graphql.ts";

const isThreshold = (text: string) => text === "" || (/^\d*\.?\d+$/.test(text) && Number(text) <= 1);
const threshold = z
  .string()
  .check(z.trim(), z.refine(isThreshold, { error: () => t("settings.vocabulary.thresholdRange") }));

/** Form of a key: as the person types it. */
export const vocabularyFormSchema = z
  .object({
    description: z.string(),
    approval: z.enum(["REQUIRED", "AUTOMATIC"]),
    review: threshold,
    autoApply: threshold,
    governed: z.boolean(),
    required: z.boolean(),
    open: z.boolean(),
    pattern: z.string(),
    synonyms: z.string(),
  })
  .check(
    z.refine(({ review, autoApply }) => review === "" || autoApply === "" || Number(review) <= Number(autoApply), {
      path: ["review"],
      error: () => t("settings.vocabulary.thresholdOrder"),
    }),
  );

export type VocabularyForm = z.infer<typeof vocabularyFormSchema>;

const shown = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));

export function toForm(key: VocabularyKeyPartsFragment): VocabularyForm {
  return {
    description: key.description,
    approval: key.approval,
    review: shown(key.manualReviewThreshold),
    autoApply: shown(key.autoApplyThreshold),
    governed: key.governed,
    required: key.required,
    open: key.open,
    pattern: key.pattern ?? "",
    synonyms: key.synonyms.join("\n"),
  };
}

const number = (text: string) => (text.trim() === "" ? null : Number(text));

/** Input with the fields that the person changed, of the version that the person has read. */
export function toInput(key: VocabularyKeyPartsFragment, form: VocabularyForm): UpdateVocabularyKeyInput {
  const before = toForm(key);
  const input: UpdateVocabularyKeyInput = { name: key.name, version: key.version };
  if (form.description !== before.description) input.description = form.description;
  if (form.approval !== before.approval) input.approval = form.approval;
  if (form.review.trim() !== before.review) input.manualReviewThreshold = number(form.review);
  if (form.autoApply.trim() !== before.autoApply) input.autoApplyThreshold = number(form.autoApply);
  if (form.governed !== before.governed) input.governed = form.governed;
  if (form.required !== before.required) input.required = form.required;
  if (form.open !== before.open) input.open = form.open;
  if (form.pattern !== before.pattern) input.pattern = form.pattern;
  if (form.synonyms !== before.synonyms) {
    input.synonyms = form.synonyms.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  }
  return input;
}
