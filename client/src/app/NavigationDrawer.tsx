import Drawer from "@mui/material/Drawer";
import type { ReactNode } from "react";

interface NavigationDrawerProps {
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Menu of narrow pages. */
export default function NavigationDrawer({ open, onClose, children }: NavigationDrawerProps) {
  return (
    <Drawer open={open} onClose={onClose} sx={{ display: { md: "none" } }}>
      {children}
    </Drawer>
  );
}
