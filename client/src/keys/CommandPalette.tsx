import Autocomplete from "@mui/material/Autocomplete";
import Box from "@mui/material/Box";
import Dialog from "@mui/material/Dialog";
import ListSubheader from "@mui/material/ListSubheader";
import TextField from "@mui/material/TextField";
import { t } from "../app/i18n.ts";
import { effectiveKeys, type KeyBinding } from "./dispatcher.ts";
import { KeyCaps } from "./KeyCaps.tsx";
import { useKeyScopes } from "./KeysProvider.tsx";
import { useKeySettings } from "./settings.ts";

interface Command {
  scope: string;
  title: string;
  binding: KeyBinding;
}

/** Every action by its name; shows the key of each, so that the next time the key is enough. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const scopes = useKeyScopes();
  const settings = useKeySettings();
  const commands: Command[] = [...scopes]
    .reverse()
    .flatMap((scope) => scope.bindings.map((binding) => ({ scope: scope.name, title: scope.title, binding })))
    .filter(({ binding }) => binding.id !== "palette");
  const run = (command: Command | null) => {
    onClose();
    // The dialog gives the focus back first: the action may move it.
    if (command) requestAnimationFrame(() => command.binding.run(new KeyboardEvent("keydown")));
  };
  return (
    <Dialog
      open
      onClose={onClose}
      maxWidth="sm"
      fullWidth
      slotProps={{ paper: { "aria-label": t("common.shortcuts.palette") } }}
      sx={{ "& .MuiDialog-container": { alignItems: "flex-start" } }}
    >
      <Autocomplete
        open
        autoHighlight
        disablePortal
        options={commands}
        groupBy={(command) => command.title}
        getOptionLabel={(command) => command.binding.label}
        getOptionKey={(command) => `${command.scope}.${command.binding.id}`}
        noOptionsText={t("common.palette.none")}
        onChange={(_event, command) => run(command)}
        onClose={(_event, reason) => reason === "escape" && onClose()}
        forcePopupIcon={false}
        renderInput={(params) => <TextField {...params} autoFocus label={t("common.palette.label")} />}
        renderGroup={({ key, group, children }) => (
          <div key={key} role="group" aria-label={group}>
            <ListSubheader component="div" aria-hidden>
              {group}
            </ListSubheader>
            {children}
          </div>
        )}
        renderOption={({ key, ...props }, command) => {
          const keys = effectiveKeys(command.scope, command.binding, settings);
          return (
            <Box component="li" key={key} {...props} sx={{ display: "flex", gap: 1 }}>
              <Box sx={{ flex: 1 }}>{command.binding.label}</Box>
              {keys !== undefined && <KeyCaps keys={keys} />}
            </Box>
          );
        }}
        slotProps={{
          listbox: { component: "div" },
          popper: { sx: { position: "static !important", transform: "none !important", width: "100% !important" } },
        }}
        sx={{ p: 2 }}
      />
    </Dialog>
  );
}
