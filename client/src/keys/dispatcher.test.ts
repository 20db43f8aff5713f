import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  defaultKeySettings,
  findConflicts,
  isSingleKey,
  type KeyBinding,
  KeyDispatcher,
  keyName,
  type KeySettings,
} from "./dispatcher.ts";

let settings: KeySettings;
let blocked: boolean;
let dispatcher: KeyDispatcher;
let log: string[];

const binding = (id: string, keys: string): KeyBinding => ({ id, keys, label: id, run: () => void log.push(id) });

function press(
  key: string,
  init: KeyboardEventInit & { at?: number; keyCode?: number } = {},
  target: Element = document.body,
) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  Object.defineProperty(event, "timeStamp", { value: init.at ?? 0 });
  if (init.keyCode !== undefined) Object.defineProperty(event, "keyCode", { value: init.keyCode });
  Object.defineProperty(event, "target", { value: target });
  return { taken: dispatcher.handle(event), event };
}

function element(html: string): Element {
  document.body.innerHTML = html;
  const found = document.body.querySelector("[data-target]") ?? document.body.firstElementChild;
  if (!found) throw new Error("no element");
  return found;
}

beforeEach(() => {
  document.body.innerHTML = "";
  settings = { ...defaultKeySettings };
  blocked = false;
  log = [];
  dispatcher = new KeyDispatcher(
    () => settings,
    () => blocked,
  );
});

describe("names of keys", () => {
  it("name letters with Shift, signs without", () => {
    const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
    expect(keyName({ ...none, key: "j" })).toBe("j");
    expect(keyName({ ...none, key: "J", shiftKey: true })).toBe("Shift+j");
    expect(keyName({ ...none, key: "J" })).toBe("j");
    expect(keyName({ ...none, key: "?", shiftKey: true })).toBe("?");
    expect(keyName({ ...none, key: " ", shiftKey: true })).toBe("Shift+Space");
    expect(keyName({ ...none, key: "k", metaKey: true })).toBe("Ctrl+k");
    expect(keyName({ ...none, key: "ArrowUp", altKey: true })).toBe("Alt+ArrowUp");
  });

  it("tell single keys from others", () => {
    for (const keys of ["j", "Shift+j", "g d", "?", "Space"]) expect(isSingleKey(keys)).toBe(true);
    for (const keys of ["Ctrl+k", "Escape", "Alt+ArrowUp", "Enter"]) expect(isSingleKey(keys)).toBe(false);
  });
});

describe("dispatching", () => {
  it("runs the binding of the latest scope, and gives the key back when that is gone", () => {
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("page", "j")] });
    const remove = dispatcher.add({ name: "list", title: "List", bindings: [binding("list", "j")] });
    expect(press("j").event.defaultPrevented).toBe(true);
    remove();
    press("j");
    expect(log).toEqual(["list", "page"]);
  });

  it("leaves unknown keys to the browser", () => {
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("page", "j")] });
    const { taken, event } = press("x");
    expect(taken).toBe(false);
    expect(event.defaultPrevented).toBe(false);
  });

  it("follows sequences, gives up after a while, and starts anew with the last key", () => {
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("dashboard", "g d"), binding("deny", "d")] });
    press("g", { at: 0 });
    press("d", { at: 900 });
    press("g", { at: 2000 });
    press("d", { at: 3001 });
    press("g", { at: 4000 });
    press("g", { at: 4100 });
    press("d", { at: 4200 });
    expect(log).toEqual(["dashboard", "deny", "dashboard"]);
  });

  it("runs a single key in the midst of a sequence that does not go on", () => {
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("dashboard", "g d"), binding("approve", "a")] });
    press("g");
    press("a");
    expect(log).toEqual(["approve"]);
  });

  it("lets go of keys while a dialog is open, or when another handler took the event", () => {
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("page", "j")] });
    blocked = true;
    expect(press("j").taken).toBe(false);
    blocked = false;
    const event = new KeyboardEvent("keydown", { key: "j", cancelable: true });
    event.preventDefault();
    expect(dispatcher.handle(event)).toBe(false);
    expect(log).toEqual([]);
  });
});

describe("keys that belong to others", () => {
  beforeEach(() => {
    dispatcher.add({
      name: "page",
      title: "Page",
      bindings: [
        binding("next", "j"),
        binding("open", "Enter"),
        binding("toggle", "Space"),
        binding("palette", "Ctrl+k"),
      ],
    });
  });

  it("stay with text inputs, but chords pass", () => {
    for (const html of [
      "<input>",
      "<textarea></textarea>",
      "<select></select>",
      "<p contenteditable='true'></p>",
      "<p role='textbox'></p>",
    ]) {
      expect(press("j", {}, element(html)).taken).toBe(false);
    }
    press("k", { ctrlKey: true }, element("<input>"));
    expect(log).toEqual(["palette"]);
  });

  it("stay with checkboxes only where they use them", () => {
    const checkbox = element("<input type='checkbox'>");
    press("j", {}, checkbox);
    press(" ", {}, checkbox);
    expect(log).toEqual(["next"]);
  });

  it("stay with buttons and links: Enter and Space", () => {
    press("Enter", {}, element("<button>x</button>"));
    press(" ", {}, element("<a href='/x'><b data-target>x</b></a>"));
    expect(log).toEqual([]);
    press("j", {}, element("<button>x</button>"));
    expect(log).toEqual(["next"]);
  });

  it("stay with input methods, dead keys and bare modifiers", () => {
    expect(press("j", { isComposing: true }).taken).toBe(false);
    expect(press("j", { keyCode: 229 }).taken).toBe(false);
    expect(press("Dead").taken).toBe(false);
    expect(press("Shift", { shiftKey: true }).taken).toBe(false);
    const level3 = new KeyboardEvent("keydown", { key: "j" });
    level3.getModifierState = (modifier) => modifier === "AltGraph";
    expect(dispatcher.handle(level3)).toBe(false);
    expect(log).toEqual([]);
  });
});

describe("settings", () => {
  it("turn single keys off, not chords and named keys", () => {
    settings = { mode: "off", remapped: {} };
    dispatcher.add({
      name: "page",
      title: "Page",
      bindings: [binding("next", "j"), binding("clear", "Escape"), binding("go", "g d")],
    });
    press("j");
    press("g");
    press("d");
    press("Escape");
    expect(log).toEqual(["clear"]);
  });

  it("confine single keys to the focused list", () => {
    settings = { mode: "focus", remapped: {} };
    document.body.innerHTML = "<div id='list' tabindex='0'></div>";
    const list = document.getElementById("list");
    dispatcher.add({ name: "general", title: "General", bindings: [binding("theme", "t")] });
    dispatcher.add({ name: "list", title: "List", bindings: [binding("next", "j")], element: () => list });
    press("j");
    list?.focus();
    press("j");
    press("t");
    expect(log).toEqual(["next"]);
  });

  it("remap keys and take them away", () => {
    settings = { mode: "on", remapped: { "page.next": "n", "page.gone": "" } };
    dispatcher.add({ name: "page", title: "Page", bindings: [binding("next", "j"), binding("gone", "x")] });
    press("j");
    press("x");
    press("n");
    expect(log).toEqual(["next"]);
  });

  it("show bindings that want the same keys", () => {
    const scope = { name: "page", title: "Page", bindings: [binding("a", "j"), binding("b", "k"), binding("c", "x")] };
    expect(findConflicts(scope, { mode: "on", remapped: { "page.b": "j", "page.c": "" } })).toEqual(["j"]);
  });
});

describe("followers", () => {
  it("hear of scopes that come and go", () => {
    const listener = vi.fn();
    const stop = dispatcher.subscribe(listener);
    const scope = { name: "page", title: "Page", bindings: [] };
    const remove = dispatcher.add(scope);
    expect(dispatcher.scopes()).toEqual([scope]);
    remove();
    expect(dispatcher.scopes()).toEqual([]);
    expect(listener).toHaveBeenCalledTimes(2);
    stop();
    dispatcher.add(scope);
    expect(listener).toHaveBeenCalledTimes(2);
  });
});
