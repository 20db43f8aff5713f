import Box from "@mui/material/Box";
import { useConnectionState } from "./connection.ts";
import { t } from "./i18n.ts";

const colours = {
  live: "success.main",
  connecting: "text.disabled",
  reconnecting: "warning.main",
  offline: "error.main",
};

/** Dot that tells whether changes of others arrive. */
export function ConnectionDot() {
  const { phase } = useConnectionState();
  const label = t(`common.connection.${phase}`);
  return (
    <Box role="img" aria-label={label} title={label} sx={{ p: 1, lineHeight: 0 }}>
      <Box
        sx={{
          width: 10,
          height: 10,
          borderRadius: phase === "live" ? "50%" : "2px",
          bgcolor: colours[phase],
          forcedColorAdjust: "none",
        }}
      />
    </Box>
  );
}
