import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import type { ReactNode } from "react";
import { t } from "../app/i18n.ts";
import { type FacetSource, type FilterOption } from "./facet.ts";
import { SelectInput } from "./TextInput.tsx";
import { TextFilter } from "./TextFilter.tsx";
import { useProposals } from "./useProposals.ts";

export interface FilterField {
  name: string;
  label: string;
  /** Values to choose from; free text if omitted. */
  options?: readonly FilterOption[];
  /** Counts of the values; of a text, its proposals. */
  facet?: FacetSource;
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

export interface FilterFieldProps {
  field: FilterField;
  value: string;
  onChange: (value: string) => void;
}

function ChoiceFilter({ field, value, onChange }: FilterFieldProps) {
  const counts = new Map(useProposals(field.facet, "", true).map((option) => [option.value, option.count]));
  const options = (field.options ?? []).map((option) => {
    const count = counts.get(option.value);
    return { ...option, label: count === undefined ? option.label : `${option.label} (${count})` };
  });
  return (
    <SelectInput
      label={field.label}
      value={value}
      options={[{ value: "", label: "–" }, ...options]}
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
