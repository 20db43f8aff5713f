import { z } from "zod/mini";
import { readPreference, writePreference } from "../app/storage.ts";
import { createStore, useStore } from "../app/store.ts";
import { defaultKeySettings, type KeySettings } from "./dispatcher.ts";

const schema = z.object({
  mode: z.enum(["on", "off", "focus"]),
  remapped: z.record(z.string(), z.string()),
});

const stored = z.safeParse(schema, readPreference("keys"));

export const keySettings = createStore<KeySettings>(stored.success ? stored.data : defaultKeySettings);

export function saveKeySettings(settings: KeySettings): void {
  writePreference("keys", settings);
  keySettings.set(settings);
}

export function useKeySettings(): KeySettings {
  return useStore(keySettings);
}
