import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { type KeyboardEvent, useState } from "react";
import { t } from "../app/i18n.ts";
import { effectiveKeys, findConflicts, isModifier, type KeyBinding, keyName, type KeyScope } from "./dispatcher.ts";
import { KeyCaps } from "./KeyCaps.tsx";
import { keySettings, saveKeySettings, useKeySettings } from "./settings.ts";

/** Stores other keys for an action; undefined restores the shipped ones. */
function remap(name: string, keys: string | undefined): void {
  const settings = keySettings.get();
  const remapped = Object.fromEntries(Object.entries(settings.remapped).filter(([other]) => other !== name));
  if (keys !== undefined) remapped[name] = keys;
  saveKeySettings({ ...settings, remapped });
}

function Row({ scope, binding }: { scope: string; binding: KeyBinding }) {
  const settings = useKeySettings();
  const [listening, setListening] = useState(false);
  const name = `${scope}.${binding.id}`;
  const keys = effectiveKeys(scope, binding, settings);
  const listen = (event: KeyboardEvent) => {
    if (!listening || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    event.nativeEvent.stopImmediatePropagation();
    if (isModifier(event.key)) return;
    setListening(false);
    if (event.key !== "Escape") remap(name, keyName(event.nativeEvent));
  };
  const { label } = binding;
  return (
    <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1, minHeight: 36 }}>
      <Typography sx={{ flex: "1 1 180px" }}>{label}</Typography>
      {keys === undefined ? <Typography color="textSecondary">{t("keys.none")}</Typography> : <KeyCaps keys={keys} />}
      <Button
        size="small"
        aria-label={listening ? t("keys.press") : t("keys.changeOf", { label })}
        onClick={() => setListening(true)}
        onBlur={() => setListening(false)}
        onKeyDown={listen}
      >
        {listening ? t("keys.press") : t("keys.change")}
      </Button>
      {keys !== undefined && (
        <Button size="small" aria-label={t("keys.removeOf", { label })} onClick={() => remap(name, "")}>
          {t("keys.remove")}
        </Button>
      )}
      {settings.remapped[name] !== undefined && (
        <Button size="small" aria-label={t("keys.resetOf", { label })} onClick={() => remap(name, undefined)}>
          {t("keys.reset")}
        </Button>
      )}
    </Box>
  );
}

/** Keys of a scope, each to be changed, taken away and restored. */
export function KeyMapEditor({ scope }: { scope: KeyScope }) {
  const conflicts = findConflicts(scope, useKeySettings());
  return (
    <Box>
      {conflicts.length > 0 && <Alert severity="warning">{t("keys.conflict", { keys: conflicts.join(", ") })}</Alert>}
      {scope.bindings.map((binding) => (
        <Row key={binding.id} scope={scope.name} binding={binding} />
      ))}
    </Box>
  );
}
