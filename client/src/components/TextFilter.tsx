import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import type { FilterOption } from "./facet.ts";
import type { FilterFieldProps } from "./FilterBar.tsx";
import { TextInput } from "./TextInput.tsx";
import { useProposals } from "./useProposals.ts";

/** Text that is applied half a second after the last key, or at once by Enter; with proposals in a list below. */
export function TextFilter({ field, value, onChange }: FilterFieldProps) {
  const [draft, setDraft] = useState(value);
  const [applied, setApplied] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const [current, setCurrent] = useState(-1);
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
  const hasProposals = field.options !== undefined || field.facet !== undefined;
  // A text that is applied is no search: other values can be chosen in its place.
  const search = draft === value ? "" : draft;
  const counted = useProposals(field.facet, search, isOpen);
  const options = field.facet
    ? counted
    : (field.options ?? []).filter(({ label }) => label.toLowerCase().includes(search.toLowerCase()));
  const isShown = isOpen && options.length > 0;
  const open = () => {
    if (hasProposals) setOpen(true);
  };
  const choose = (text: string) => {
    setDraft(text);
    setOpen(false);
    setCurrent(-1);
    onChange(text);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Enter") choose((isShown ? options[current]?.value : undefined) ?? draft);
    else if (event.key === "Escape" && isShown) setOpen(false);
    else if (event.key === "Escape") (event.target as HTMLElement).blur();
    else if (hasProposals && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      open();
      const next = event.key === "ArrowDown" ? current + 1 : current < 0 ? -1 : current - 1;
      if (isShown) setCurrent((next + options.length) % options.length);
    }
  };
  return (
    <Box sx={{ position: "relative" }} onBlur={() => setOpen(false)}>
      <TextInput
        label={field.label}
        value={draft}
        type="search"
        autoComplete="off"
        onClick={open}
        onChange={(event) => {
          setDraft(event.target.value);
          setCurrent(-1);
          open();
        }}
        onKeyDown={onKeyDown}
        slotProps={{
          input: hasProposals
            ? {
                role: "combobox",
                "aria-expanded": isShown,
                "aria-controls": isShown ? list : undefined,
                "aria-autocomplete": "list",
                "aria-activedescendant": isShown && current >= 0 ? `${list}${current}` : undefined,
              }
            : {},
        }}
        sx={{ width: field.width ?? 180 }}
      />
      {isShown && (
        <ProposalList
          id={list}
          label={field.label}
          options={options}
          value={value}
          current={current}
          onChoose={choose}
        />
      )}
    </Box>
  );
}

interface ProposalListProps {
  id: string;
  label: string;
  options: readonly FilterOption[];
  value: string;
  current: number;
  onChoose: (value: string) => void;
}

function ProposalList({ id, label, options, value, current, onChoose }: ProposalListProps) {
  return (
    <Paper
      elevation={8}
      role="listbox"
      id={id}
      aria-label={label}
      sx={{
        position: "absolute",
        top: "100%",
        insetInlineStart: 0,
        zIndex: "modal",
        minWidth: 1,
        maxWidth: { xs: 1, sm: 420 },
        width: { sm: "max-content" },
        maxHeight: 320,
        overflow: "auto",
        py: 0.5,
      }}
    >
      {options.map((option, index) => (
        <Box
          key={option.value}
          id={`${id}${index}`}
          role="option"
          aria-selected={option.value === value}
          ref={(element: HTMLElement | null) => {
            if (index === current) element?.scrollIntoView({ block: "nearest" });
          }}
          // The focus stays in the field.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(option.value)}
          sx={{
            display: "flex",
            justifyContent: "space-between",
            gap: 2,
            px: 1.5,
            py: 0.5,
            cursor: "pointer",
            overflowWrap: "anywhere",
            fontWeight: option.value === value ? 650 : undefined,
            bgcolor: index === current ? "action.selected" : undefined,
            "&:hover": { bgcolor: "action.hover" },
          }}
        >
          <span>{option.label}</span>{" "}
          <Box component="span" sx={{ color: "text.secondary", fontVariantNumeric: "tabular-nums" }}>
            {option.count}
          </Box>
        </Box>
      ))}
    </Paper>
  );
}
