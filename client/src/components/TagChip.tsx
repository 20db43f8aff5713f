import Chip from "@mui/material/Chip";

interface TagChipProps {
  tagKey: string;
  tagValue: string;
  /** Effective tags are filled, pending ones outlined, denied ones struck through. */
  variant?: "effective" | "pending" | "denied";
  onClick?: () => void;
}

/** Tag as `key=value`. */
export function TagChip({ tagKey, tagValue, variant = "effective", onClick }: TagChipProps) {
  return (
    <Chip
      size="small"
      variant={variant === "effective" ? "filled" : "outlined"}
      color={variant === "pending" ? "primary" : "default"}
      onClick={onClick}
      title={`${tagKey}=${tagValue}`}
      label={
        <>
          <span>{tagKey}</span>=<b>{tagValue}</b>
        </>
      }
      sx={{
        maxWidth: "100%",
        textDecoration: variant === "denied" ? "line-through" : undefined,
        "& b": { fontWeight: 650 },
      }}
    />
  );
}
