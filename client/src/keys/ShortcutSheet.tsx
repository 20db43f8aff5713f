import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Typography from "@mui/material/Typography";
import { t } from "../app/i18n.ts";
import { KeyMapEditor } from "./KeyMapEditor.tsx";
import { useKeyScopes } from "./KeysProvider.tsx";
import { useKeySettings } from "./settings.ts";

/** All keys that work now, the page's own first, and their change. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const scopes = useKeyScopes();
  const settings = useKeySettings();
  return (
    <Dialog open onClose={onClose} maxWidth="sm" fullWidth aria-labelledby="shortcut-sheet">
      <DialogTitle id="shortcut-sheet">{t("common.shortcuts")}</DialogTitle>
      <DialogContent>
        {settings.mode === "off" && <Typography sx={{ mb: 1 }}>{t("common.shortcuts.off")}</Typography>}
        {[...scopes].reverse().map((scope) => (
          <Box key={scope.name} component="section" sx={{ mb: 2 }}>
            <Typography component="h3" variant="h3" sx={{ mb: 0.5 }}>
              {scope.title}
            </Typography>
            <KeyMapEditor scope={scope} />
          </Box>
        ))}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{t("common.close")}</Button>
      </DialogActions>
    </Dialog>
  );
}
