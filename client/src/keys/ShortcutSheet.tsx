import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Typography from "@mui/material/Typography";
import { t } from "../app/i18n.ts";
import { effectiveKeys } from "./dispatcher.ts";
import { KeyCaps } from "./KeyCaps.tsx";
import { useKeyScopes } from "./KeysProvider.tsx";
import { useKeySettings } from "./settings.ts";

/** All keys that work now, the page's own first. */
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
            <Box component="dl" sx={{ m: 0, display: "grid", gridTemplateColumns: "1fr auto", rowGap: 0.75 }}>
              {scope.bindings.map((binding) => {
                const keys = effectiveKeys(scope.name, binding, settings);
                return keys === undefined ? null : (
                  <Box key={binding.id} sx={{ display: "contents" }}>
                    <Typography component="dt">{binding.label}</Typography>
                    <Box component="dd" sx={{ m: 0, textAlign: "end" }}>
                      <KeyCaps keys={keys} />
                    </Box>
                  </Box>
                );
              })}
            </Box>
          </Box>
        ))}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{t("common.close")}</Button>
      </DialogActions>
    </Dialog>
  );
}
