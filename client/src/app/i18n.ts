import { messages as approvals } from "../pages/approvals/messages.ts";
import { messages as audit } from "../pages/audit/messages.ts";
import { messages as automation } from "../pages/automation/messages.ts";
import { messages as dashboard } from "../pages/dashboard/messages.ts";
import { messages as imports } from "../pages/imports/messages.ts";
import { messages as login } from "../pages/login/messages.ts";
import { messages as resource } from "../pages/resource/messages.ts";
import { messages as resources } from "../pages/resources/messages.ts";
import { messages as rules } from "../pages/rules/messages.ts";
import { messages as settings } from "../pages/settings/messages.ts";
import { messages as keys } from "../keys/messages.ts";
import { messages as common } from "./messages.ts";

/** Forms of a message that depend on `count`; `other` is always there. */
type Plural = { one: string; other: string };
type Messages = Record<string, string | Plural>;

const catalogue = {
  common,
  approvals,
  audit,
  automation,
  dashboard,
  imports,
  keys,
  login,
  resource,
  resources,
  rules,
  settings,
} satisfies Record<string, Messages>;

type Catalogue = typeof catalogue;

/** Name of a message: `page.name`, as in `t("approvals.title")`. */
export type MessageName = {
  [Page in keyof Catalogue]: `${Page}.${Extract<keyof Catalogue[Page], string>}`;
}[keyof Catalogue];

export type MessageValues = Record<string, string | number>;

export const locale = "en";
const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

function find(name: MessageName): string | Plural {
  const dot = name.indexOf(".");
  const page: Messages = catalogue[name.slice(0, dot) as keyof Catalogue];
  return page[name.slice(dot + 1)] ?? name;
}

/** Text of a message; `{name}` is replaced, numbers are written as the language has them. */
export function t(name: MessageName, values: MessageValues = {}): string {
  const found = find(name);
  const text =
    typeof found === "string" ? found : plurals.select(Number(values.count)) === "one" ? found.one : found.other;
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => {
    const value = values[key];
    return typeof value === "number" ? numbers.format(value) : (value ?? whole);
  });
}
