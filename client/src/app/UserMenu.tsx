import AccountCircle from "@mui/icons-material/AccountCircle";
import IconButton from "@mui/material/IconButton";
import Tooltip from "@mui/material/Tooltip";
import { lazy, Suspense, useState } from "react";
import { t } from "./i18n.ts";
import { useViewer } from "./viewer.tsx";

const UserPanel = lazy(() => import("./UserPanel.tsx"));

/** Button that shows the caller. */
export function UserMenu() {
  const { subject } = useViewer();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <Tooltip title={subject || t("common.user.menu")}>
        <IconButton
          size="small"
          aria-label={t("common.user.menu")}
          aria-haspopup="dialog"
          onClick={(event) => setAnchor(event.currentTarget)}
        >
          <AccountCircle fontSize="small" />
        </IconButton>
      </Tooltip>
      <Suspense>{anchor && <UserPanel anchor={anchor} onClose={() => setAnchor(null)} />}</Suspense>
    </>
  );
}
