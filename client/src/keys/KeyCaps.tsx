import Box from "@mui/material/Box";

/** Keys as they are printed on a keyboard. */
export function KeyCaps({ keys }: { keys: string }) {
  return (
    <Box component="span" sx={{ display: "inline-flex", gap: 0.5, flexShrink: 0 }}>
      {keys.split(" ").map((key, index) => (
        <Box
          component="kbd"
          key={`${key}${index}`}
          sx={{
            fontFamily: "ui-monospace, monospace",
            fontSize: 12,
            px: 0.75,
            border: 1,
            borderColor: "divider",
            borderRadius: 0.75,
            bgcolor: "background.default",
            color: "text.primary",
            whiteSpace: "nowrap",
          }}
        >
          {key}
        </Box>
      ))}
    </Box>
  );
}
