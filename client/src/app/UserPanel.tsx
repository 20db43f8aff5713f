import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Popover from "@mui/material/Popover";
import Typography from "@mui/material/Typography";
import { type SubmitEvent, useState } from "react";
import { TextInput } from "../components/TextInput.tsx";
import { clientConfig } from "./config.ts";
import { formatEnum } from "./format.ts";
import { t } from "./i18n.ts";
import { actAs, signOut, useSession } from "./session.ts";
import { useViewer } from "./viewer.tsx";

function ActingAs() {
  const { actor } = useSession();
  const [name, setName] = useState(actor);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    actAs(name.trim());
  };
  return (
    <Box component="form" onSubmit={submit} sx={{ display: "grid", gap: 1 }}>
      <TextInput
        label={t("common.user.actAs")}
        helperText={t("common.user.actAsHelp")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete="off"
        slotProps={{ input: { maxLength: 100 } }}
      />
      <Button type="submit" variant="outlined" size="small" disabled={name.trim() === actor}>
        {t("common.save")}
      </Button>
    </Box>
  );
}

/** Caller, the caller's rights, and the way out. */
export default function UserPanel({ anchor, onClose }: { anchor: HTMLElement; onClose: () => void }) {
  const viewer = useViewer();
  const accounts = viewer.accounts;
  return (
    <Popover
      open
      anchorEl={anchor}
      onClose={onClose}
      slotProps={{ paper: { role: "dialog", "aria-label": t("common.user.menu") } }}
    >
      <Box sx={{ p: 2, width: 280, display: "grid", gap: 1.5 }}>
        <Typography variant="h3" component="p" sx={{ overflowWrap: "anywhere" }}>
          {viewer.subject}
        </Typography>
        {viewer.role && (
          <Typography variant="body2">{t("common.user.role", { role: formatEnum(viewer.role) })}</Typography>
        )}
        <Typography variant="body2" sx={{ overflowWrap: "anywhere" }}>
          {accounts
            ? `${t("common.user.accounts", { count: accounts.length })}: ${accounts.join(", ")}`
            : t("common.user.allAccounts")}
        </Typography>
        {clientConfig().authentication === "NONE" ? (
          <ActingAs />
        ) : (
          <Button variant="outlined" size="small" onClick={signOut}>
            {t("common.user.signOut")}
          </Button>
        )}
      </Box>
    </Popover>
  );
}
