import { z } from "zod/mini";

/** Field of a page's view: one text of the address, or several under the same name. */
export interface UrlField<T> {
  decode(values: string[]): T | undefined;
  encode(value: T): string[];
}

/** Field whose text a zod schema reads; what the schema refuses is dropped. */
export function one<T>(schema: z.core.$ZodType<T>, write: (value: T) => string = String): UrlField<T> {
  return {
    decode([first]) {
      const parsed = z.safeParse(schema, first);
      return parsed.success ? parsed.data : undefined;
    },
    encode: (value) => [write(value)],
  };
}

/** Field of several values; those that the schema refuses are dropped. */
export function many<T>(schema: z.core.$ZodType<T>, write: (value: T) => string = String): UrlField<T[]> {
  return {
    decode(values) {
      const parsed = values.flatMap((value) => {
        const result = z.safeParse(schema, value);
        return result.success ? [result.data] : [];
      });
      return parsed.length > 0 ? parsed : undefined;
    },
    encode: (values) => values.map(write),
  };
}

const read = <T>(pattern: RegExp, convert: (text: string) => T) =>
  z.pipe(z.string().check(z.regex(pattern)), z.transform(convert));

export const text = one(z.string().check(z.trim(), z.minLength(1), z.maxLength(1024)));
export const choice = <const T extends readonly [string, ...string[]]>(values: T) => one(z.enum(values));
export const share = one<number>(z.pipe(read(/^\d*\.?\d+$/, Number), z.number().check(z.gte(0), z.lte(1))));
export const integer = one<number>(read(/^\d{1,9}$/, Number));
export const flag = one<boolean>(read(/^(true|false)$/, (value) => value === "true"));
export const instant = one(z.iso.datetime({ offset: true }));

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each field has a type of its own, which `View` restores
export type UrlFields = Record<string, UrlField<any>>;
export type View<F extends UrlFields> = { [Name in keyof F]?: F[Name] extends UrlField<infer T> ? T : never };

/** Codec between the address and the typed view of a page. */
export interface UrlCodec<F extends UrlFields> {
  decode(params: URLSearchParams): { view: View<F>; dropped: string[] };
  encode(view: View<F>): URLSearchParams;
  names: (keyof F & string)[];
}

/** Makes a codec. Names that are not in the fields are left alone by `decode`: another part of the page may know them. */
export function urlCodec<F extends UrlFields>(fields: F): UrlCodec<F> {
  const names = Object.keys(fields) as (keyof F & string)[];
  const field = (name: keyof F) => fields[name] as unknown as UrlField<unknown>;
  return {
    names,
    decode(params) {
      const view: Record<string, unknown> = {};
      const dropped: string[] = [];
      for (const name of names) {
        const values = params.getAll(name);
        if (values.length === 0) continue;
        const value = field(name).decode(values);
        if (value === undefined) dropped.push(name);
        else view[name] = value;
      }
      return { view: view as View<F>, dropped };
    },
    encode(view) {
      const params = new URLSearchParams();
      for (const name of names) {
        const value = view[name];
        if (value === undefined || value === null || value === "") continue;
        for (const part of field(name).encode(value)) params.append(name, part);
      }
      return params;
    },
  };
}
