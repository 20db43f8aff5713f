import Box from "@mui/material/Box";
import CircularProgress from "@mui/material/CircularProgress";
import { t } from "../app/i18n.ts";

/** Sign that a part of the page is being loaded: in its place, or over the page for what opens above it. */
export function Loading({ overlay = false }: { overlay?: boolean }) {
  return (
    <Box
      sx={{
        display: "grid",
        placeItems: "center",
        ...(overlay ? { position: "fixed", inset: 0, zIndex: "modal" } : { minHeight: "50vh" }),
      }}
    >
      <CircularProgress aria-label={t("common.loading")} />
    </Box>
  );
}
