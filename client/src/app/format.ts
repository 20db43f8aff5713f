import { locale } from "./i18n.ts";

const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compacts = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });

export const formatNumber = (value: number): string => integers.format(value);
export const formatCompact = (value: number): string => compacts.format(value);
export const formatPercent = (value: number): string => percents.format(value);
const amounts = new Map<string, Intl.NumberFormat>();

/** Amount of money, `1,234.50` and its currency: without fractions from 1,000 on. */
export function formatAmount(amount: string | number, currency: string): string {
  const value = Number(amount);
  const digits = Math.abs(value) >= 1_000 ? 0 : 2;
  const key = `${currency} ${digits}`;
  const format = amounts.get(key) ?? currencyFormat(currency, digits);
  amounts.set(key, format);
  return format.resolvedOptions().style === "currency" ? format.format(value) : `${format.format(value)} ${currency}`;
}

function currencyFormat(currency: string, digits: number): Intl.NumberFormat {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  // Bills may have units of their own, such as credits.
  return /^[A-Z]{3}$/.test(currency)
    ? new Intl.NumberFormat(locale, { style: "currency", currency, ...options })
    : new Intl.NumberFormat(locale, options);
}

const months = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", timeZone: "UTC" });

/** Month such as `2024-09` in words. */
export const formatMonth = (month: string): string => months.format(new Date(`${month}-01T00:00:00Z`));

export const formatMoment = (value: string | number): string => moments.format(new Date(value));
export const formatDay = (value: string | number): string => days.format(new Date(value));

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Time from now in words: "3 days ago". */
export function formatRelative(value: string | number, now: number = Date.now()): string {
  const seconds = (new Date(value).getTime() - now) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

/** Bytes in words: "1.2 MB". */
export function formatBytes(value: number): string {
  const steps = ["B", "kB", "MB", "GB"];
  const step = Math.min(steps.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1000 ** step).toLocaleString(locale, { maximumFractionDigits: 1 })} ${steps[step] ?? "B"}`;
}

/** Word of an enum value for people: `MINE_SUGGESTIONS` is "mine suggestions". */
export const formatEnum = (value: string): string => value.toLowerCase().replaceAll("_", " ");
