import { z } from "zod/mini";
import { t } from "../../app/i18n.ts";
import type { CreateApiTokenInput } from "../../gql/graphql.ts";

/** Lifetimes that are offered, in days; the service takes 366 at most. */
export const lifetimes = ["30", "90", "180", "365"] as const;
export const roles = ["VIEWER", "APPROVER", "ADMIN"] as const;

const DAY_MS = 86_400_000;

/** Form of a new token: as the person types it. */
export const tokenFormSchema = z.object({
  name: z
    .string()
    .check(
      z.trim(),
      z.minLength(1, { error: () => t("settings.tokens.nameLength") }),
      z.maxLength(100, { error: () => t("settings.tokens.nameLength") }),
    ),
  role: z.enum(roles),
  accounts: z.string(),
  days: z.enum(lifetimes),
});

export type TokenForm = z.infer<typeof tokenFormSchema>;

export const emptyToken: TokenForm = { name: "", role: "VIEWER", accounts: "", days: "90" };

/** Input of the mutation; without accounts the token may access those of its maker. */
export function toTokenInput({ name, role, accounts, days }: TokenForm, now = Date.now()): CreateApiTokenInput {
  const given = accounts.split(/[\s,]+/).filter((account) => account !== "");
  return {
    name: name.trim(),
    role,
    expiresAt: new Date(now + Number(days) * DAY_MS).toISOString(),
    ...(given.length > 0 ? { accounts: given } : {}),
  };
}
