import Box from "@mui/material/Box";
import CircularProgress from "@mui/material/CircularProgress";
import { t } from "../app/i18n.ts";

/**
 * Sign that a part of the page is being loaded: in its place, or over the page for a dialog. That counts as the dialog
 * already: what is typed meanwhile must not act as the keys of the page.
 */
export function Loading({ overlay = false }: { overlay?: boolean }) {
  return (
    <Box
      {...(overlay && { role: "dialog", "aria-label": t("common.loading") })}
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
