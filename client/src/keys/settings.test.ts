import { afterEach, describe, expect, it } from "vitest";
import { defaultKeySettings } from "./dispatcher.ts";
import { keySettings, saveKeySettings } from "./settings.ts";

afterEach(() => saveKeySettings(defaultKeySettings));

describe("settings of keys", () => {
  it("hold from when they are saved, and are told to whoever shows them", () => {
    let told = 0;
    const stop = keySettings.subscribe(() => (told += 1));
    saveKeySettings({ mode: "off", remapped: { "queue.approve": "y" } });
    stop();
    saveKeySettings({ mode: "focus", remapped: {} });
    expect(told).toBe(1);
    expect(keySettings.get()).toEqual({ mode: "focus", remapped: {} });
  });
});
