import Drawer from "@mui/material/Drawer";
import type { ReactNode } from "react";
import { t } from "./i18n.ts";

interface NavigationDrawerProps {
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Menu of narrow pages. */
export default function NavigationDrawer({ open, onClose, children }: NavigationDrawerProps) {
  return (
    <Drawer
      open={open}
      onClose={onClose}
      slotProps={{ paper: { "aria-label": t("common.nav.label") } }}
      sx={{ display: { md: "none" } }}
    >
      {children}
    </Drawer>
  );
}
