import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import { type ReactNode, useEffect, useId, useState } from "react";
import { t } from "../app/i18n.ts";
import { SelectInput, TextInput } from "./TextInput.tsx";

export interface FilterField {
  name: string;
  label: string;
  /** Values to choose from; free text if omitted. */
  options?: readonly { value: string; label: string }[];
  /** Takes texts that are not among the options, too: they are proposals. */
  free?: boolean;
  width?: number;
}

type FilterView = Record<string, unknown>;

interface FilterBarProps<V extends FilterView> {
  fields: readonly FilterField[];
  /** View of `useUrlView`: the fields read and write it by their names. */
  view: V;
  dropped: readonly string[];
  onChange: (change: (view: V) => V, options?: { replace?: boolean }) => void;
  children?: ReactNode;
}

interface FieldProps {
  field: FilterField;
  value: string;
  onChange: (value: string) => void;
}

/** Text that is applied half a second after the last key, or at once by Enter; its options are proposals. */
function TextFilter({ field, value, onChange }: FieldProps) {
  const [draft, setDraft] = useState(value);
  const [applied, setApplied] = useState(value);
  const list = useId();
  if (applied !== value) {
    setApplied(value);
    setDraft(value);
  }
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => onChange(draft), 500);
    return () => clearTimeout(timer);
  });
  return (
    <>
      <TextInput
        label={field.label}
        value={draft}
        type="search"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onChange(draft);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        slotProps={{ input: { list: field.options && list } }}
        sx={{ width: field.width ?? 180 }}
      />
      {field.options && (
        <datalist id={list}>
          {field.options.map((option) => (
            <option key={option.value} value={option.value} label={option.label} />
          ))}
        </datalist>
      )}
    </>
  );
}

function ChoiceFilter({ field, value, onChange }: FieldProps) {
  const options = [{ value: "", label: "–" }, ...(field.options ?? [])];
  return (
    <SelectInput
      label={field.label}
      value={value}
      options={options}
      onChange={onChange}
      sx={{ width: field.width ?? 180 }}
    />
  );
}

/** Filters of a page; all of them live in the address. */
export function FilterBar<V extends FilterView>({ fields, view, dropped, onChange, children }: FilterBarProps<V>) {
  const set = (name: string) => (value: string) =>
    onChange((before) => ({ ...before, [name]: value === "" ? undefined : value }), { replace: true });
  const active = fields.some(({ name }) => view[name] !== undefined);
  return (
    <Box role="search" aria-label={t("common.filter.label")} data-filter sx={{ mb: 1.5 }}>
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1 }}>
        {fields.map((field) => {
          const Field = field.options && !field.free ? ChoiceFilter : TextFilter;
          const value = view[field.name];
          return (
            <Field
              key={field.name}
              field={field}
              value={value === undefined ? "" : String(value)}
              onChange={set(field.name)}
            />
          );
        })}
        {children}
        {active && (
          <Button
            size="small"
            onClick={() =>
              onChange((before) => ({ ...before, ...Object.fromEntries(fields.map(({ name }) => [name, undefined])) }))
            }
          >
            {t("common.filter.clear")}
          </Button>
        )}
      </Box>
      {dropped.length > 0 && (
        <Alert severity="info" sx={{ mt: 1 }}>
          {t("common.filter.dropped", { names: dropped.join(", ") })}
        </Alert>
      )}
    </Box>
  );
}
