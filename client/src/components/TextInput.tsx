import FormControl from "@mui/material/FormControl";
import FormHelperText from "@mui/material/FormHelperText";
import InputLabel from "@mui/material/InputLabel";
import OutlinedInput, { type OutlinedInputProps } from "@mui/material/OutlinedInput";
import type { SxProps, Theme } from "@mui/material/styles";
import { type ReactNode, useId } from "react";
import { visuallyHidden } from "./visuallyHidden.ts";

interface TextInputProps extends Omit<OutlinedInputProps, "label" | "notched" | "sx"> {
  label: string;
  helperText?: ReactNode;
  /** The label stays above the field, as where the browser itself writes into an empty one. */
  shrink?: boolean;
  /** The label is read aloud only, as where a table's header shows it. */
  hiddenLabel?: boolean;
  sx?: SxProps<Theme>;
}

/** Field of text with its label: MUI's TextField without the menus and other shapes that come with it. */
export function TextInput(props: TextInputProps) {
  const {
    label,
    hiddenLabel = false,
    helperText,
    shrink,
    error = false,
    fullWidth = false,
    required = false,
    sx,
    ...input
  } = props;
  const id = useId();
  return (
    <FormControl size="small" error={error} fullWidth={fullWidth} required={required} sx={sx}>
      <InputLabel htmlFor={id} shrink={shrink} sx={hiddenLabel ? visuallyHidden : undefined}>
        {label}
      </InputLabel>
      <OutlinedInput
        id={id}
        label={hiddenLabel ? undefined : label}
        notched={hiddenLabel ? false : shrink}
        aria-describedby={helperText ? `${id}-help` : undefined}
        {...input}
      />
      {helperText && <FormHelperText id={`${id}-help`}>{helperText}</FormHelperText>}
    </FormControl>
  );
}

interface SelectInputProps {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
  hiddenLabel?: boolean;
  sx?: SxProps<Theme>;
}

/** Choice of one of some by the browser's own list. */
export function SelectInput({ options, onChange, ...props }: SelectInputProps) {
  const children = options.map((option) => (
    <option key={option.value} value={option.value}>
      {option.label}
    </option>
  ));
  return (
    <TextInput
      {...props}
      shrink
      inputComponent={"select" as string as "input"}
      slotProps={{ input: { type: undefined, children } }}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
