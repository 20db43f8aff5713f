import AccountCircle from "@mui/icons-material/AccountCircle";
import IconButton from "@mui/material/IconButton";
import { Suspense, useState } from "react";
import { Loading } from "../components/Loading.tsx";
import { t } from "./i18n.ts";
import { later } from "./later.ts";
import { useViewer } from "./viewer.tsx";

const UserPanel = later(() => import("./UserPanel.tsx"));

/** Button that shows the caller. */
export function UserMenu() {
  const { subject } = useViewer();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <IconButton
        size="small"
        title={subject || t("common.user.menu")}
        aria-label={t("common.user.menu")}
        aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <AccountCircle fontSize="small" />
      </IconButton>
      <Suspense fallback={<Loading overlay />}>
        {anchor && <UserPanel anchor={anchor} onClose={() => setAnchor(null)} />}
      </Suspense>
    </>
  );
}
