import { choice, instant, text, urlCodec } from "../../url/codec.ts";

export const auditActions = [
  "APPROVED",
  "CREATED",
  "DELETED",
  "DENIED",
  "PROPOSED",
  "REFRESHED",
  "RESTORED",
  "SUPERSEDED",
  "UNDONE",
  "UPDATED",
  "WITHDRAWN",
] as const;
export const subjectTypes = ["RULE", "SCHEDULE", "API_TOKEN", "MODEL", "VOCABULARY_KEY"] as const;

/** View of the audit page that its address holds. */
export const auditCodec = urlCodec({
  tab: choice(["tags", "administration"]),
  action: choice(auditActions),
  actor: text,
  tagKey: text,
  from: instant,
  to: instant,
  order: choice(["NEWEST", "OLDEST"]),
  subjectType: choice(subjectTypes),
});

/** Day of an instant in local time, as an input of the type `date` has it. */
export function dayOf(value: string | undefined): string {
  if (value === undefined) return "";
  const date = new Date(value);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** Beginning of a local day as an instant. */
export const startOfDay = (day: string): string | undefined =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00`).toISOString() : undefined;
