import { z } from "zod";

/** Field of a page's view: one text of the address, or several under the same name. */
export interface UrlField<T> {
  decode(values: string[]): T | undefined;
  encode(value: T): string[];
}

/** Field whose text a zod schema reads; what the schema refuses is dropped. */
export function one<T>(schema: z.ZodType<T>, write: (value: T) => string = String): UrlField<T> {
  return {
    decode([first]) {
      const parsed = schema.safeParse(first);
      return parsed.success ? parsed.data : undefined;
    },
    encode: (value) => [write(value)],
  };
}

/** Field of several values; those that the schema refuses are dropped. */
export function many<T>(schema: z.ZodType<T>, write: (value: T) => string = String): UrlField<T[]> {
  return {
    decode(values) {
      const parsed = values.flatMap((value) => {
        const result = schema.safeParse(value);
        return result.success ? [result.data] : [];
      });
      return parsed.length > 0 ? parsed : undefined;
    },
    encode: (values) => values.map(write),
  };
}

export const text = one(z.string().trim().min(1).max(1024));
export const choice = <const T extends readonly [string, ...string[]]>(values: T) => one(z.enum(values));
export const share = one(
  z
    .string()
    .regex(/^\d*\.?\d+$/)
    .transform(Number)
    .pipe(z.number().min(0).max(1)) as z.ZodType<number>,
);
export const integer = one(
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number) as z.ZodType<number>,
);
export const flag = one(
  z.enum(["true", "false"]).transform((value) => value === "true") as unknown as z.ZodType<boolean>,
);
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
