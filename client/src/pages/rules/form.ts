import { z } from "zod/mini";
import { t } from "../../app/i18n.ts";
import type { RuleInput, RulePartsFragment } from "../../gql/graphql.ts";

const needed = z.string().check(z.trim(), z.minLength(1, t("rules.error.needed")));

const isShare = (text: string): boolean => text.trim() !== "" && Number(text) >= 0 && Number(text) <= 1;
const isWhole = (text: string): boolean => /^-?\d{1,9}$/.test(text.trim());

/** Fields of a rule as they are typed. */
export const ruleSchema = z.object({
  ruleName: needed.check(z.maxLength(200)),
  tagKey: needed.check(z.maxLength(128)),
  tagValue: needed.check(z.maxLength(1024)),
  condition: needed,
  confidence: z.string().check(z.trim(), z.refine(isShare, t("rules.error.confidence"))),
  priority: z.string().check(z.trim(), z.refine(isWhole, t("rules.error.priority"))),
  description: z.string().check(z.maxLength(4000)),
  effectiveFrom: z.string(),
  effectiveTo: z.string(),
  enabled: z.boolean(),
  corrects: z.boolean(),
});

export type RuleForm = z.infer<typeof ruleSchema>;

export const emptyRule: RuleForm = {
  ruleName: "",
  tagKey: "",
  tagValue: "",
  condition: "",
  confidence: "0.95",
  priority: "100",
  description: "",
  effectiveFrom: "",
  effectiveTo: "",
  enabled: true,
  corrects: false,
};

/** Time as an input of the type `datetime-local` has it. */
function localTime(instant: string | null | undefined): string {
  if (!instant) return "";
  const date = new Date(instant);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

const instantOf = (local: string): string | null => (local === "" ? null : new Date(local).toISOString());

export function formOfRule(rule: RulePartsFragment): RuleForm {
  return {
    ruleName: rule.ruleName,
    tagKey: rule.tagKey,
    tagValue: rule.tagValue,
    condition: rule.condition,
    confidence: String(rule.confidence),
    priority: String(rule.priority),
    description: rule.description,
    effectiveFrom: localTime(rule.effectiveFrom),
    effectiveTo: localTime(rule.effectiveTo),
    enabled: rule.enabled,
    corrects: rule.corrects,
  };
}

export function inputOfForm(form: RuleForm): RuleInput {
  return {
    ...form,
    ruleName: form.ruleName.trim(),
    tagKey: form.tagKey.trim(),
    tagValue: form.tagValue.trim(),
    confidence: Number(form.confidence),
    priority: Number(form.priority),
    effectiveFrom: instantOf(form.effectiveFrom),
    effectiveTo: instantOf(form.effectiveTo),
  };
}

/** Input of a preview: what is not filled in yet does not hide the errors of the condition. */
export function previewOfForm(form: RuleForm): { rule: RuleInput; isComplete: boolean } | null {
  if (form.condition.trim() === "") return null;
  const input = inputOfForm(form);
  const rule = {
    ...input,
    ruleName: input.ruleName || "preview",
    tagKey: input.tagKey || "preview",
    tagValue: input.tagValue || "preview",
    confidence: isShare(form.confidence) ? Number(form.confidence) : 0.95,
    priority: isWhole(form.priority) ? Number(form.priority) : 100,
  };
  return { rule, isComplete: input.tagKey !== "" && input.tagValue !== "" };
}

/** Name of the form's field that an error of the service is about. */
export const fieldOf = ({ field }: { field?: string | null }): string => field?.split(".").at(-1) ?? "";

/** Order of the ids after a rule is moved by some places; the same order if it cannot be moved so far. */
export function moved(ids: readonly string[], id: string, by: number): string[] {
  const from = ids.indexOf(id);
  const to = from + by;
  if (from === -1 || to < 0 || to >= ids.length) return [...ids];
  const rest = ids.filter((other) => other !== id);
  return [...rest.slice(0, to), id, ...rest.slice(to)];
}
