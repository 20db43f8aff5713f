/** Action that a key, or a sequence of keys, starts. */
export interface KeyBinding {
  /** Name that the person's changes are stored under; unique within its scope. */
  id: string;
  /** Default keys: `j`, `Shift+j`, `Ctrl+k`, `Escape`, or a sequence like `g d`. */
  keys: string;
  label: string;
  run(event: KeyboardEvent): void;
}

/** Bindings that hold while their part of the page is shown. Of two that want a key, the later scope gets it. */
export interface KeyScope {
  name: string;
  title: string;
  bindings: readonly KeyBinding[];
  /** Part of the page that must have the focus in the mode `focus`; without one the scope needs no focus. */
  element?: () => HTMLElement | null;
}

/** Choice of the person about single keys (WCAG 2.1.4) and their changes of keys. */
export interface KeySettings {
  mode: "on" | "off" | "focus";
  /** Keys by `scope.id`; an empty text takes the key away. */
  remapped: Record<string, string>;
}

export const defaultKeySettings: KeySettings = { mode: "on", remapped: {} };

/** Milliseconds within which the next key of a sequence has to come. */
const sequenceTimeout = 1_000;

const modifiers = new Set([
  "Shift",
  "Control",
  "Alt",
  "Meta",
  "AltGraph",
  "CapsLock",
  "Dead",
  "Process",
  "Unidentified",
]);
const typing = "input, textarea, select, [contenteditable=''], [contenteditable='true'], [role='textbox']";
const pressable =
  "a[href], button, summary, [role='button'], [role='link'], [role='tab'], [role='option'], [role='menuitem']";

/** True for keys that only change what another key means. */
export const isModifier = (key: string): boolean => modifiers.has(key);

/** Name of the pressed key: `j`, `Shift+j`, `?`, `Ctrl+k`. */
export function keyName(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  const { key } = event;
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const name = key === " " ? "Space" : letter ? key.toLowerCase() : key;
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  // Shift makes another sign of signs and digits; only with letters and named keys is it part of the name.
  if (event.shiftKey && (letter || key.length > 1 || key === " ")) parts.push("Shift");
  return [...parts, name].join("+");
}

/** True if the keys are printable signs without a modifier, which speech input may trigger unintendedly. */
export function isSingleKey(keys: string): boolean {
  return keys.split(" ").every((key) => key.length === 1 || /^Shift\+.$/.test(key) || key === "Space");
}

/** Keys that a binding has after the person's changes; undefined if it has none. */
export function effectiveKeys(scope: string, binding: KeyBinding, settings: KeySettings): string | undefined {
  const keys = settings.remapped[`${scope}.${binding.id}`] ?? binding.keys;
  return keys === "" ? undefined : keys;
}

/** Bindings of a key map that want the same keys. */
export function findConflicts(scope: KeyScope, settings: KeySettings): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const binding of scope.bindings) {
    const keys = effectiveKeys(scope.name, binding, settings);
    if (keys === undefined) continue;
    if (seen.has(keys)) twice.add(keys);
    seen.add(keys);
  }
  return [...twice];
}

/** True if the event belongs to a control, to text input or to an input method, and not to the page's keys. */
function belongsToControl(event: KeyboardEvent, name: string): boolean {
  if (event.isComposing || event.keyCode === 229 || event.getModifierState?.("AltGraph")) return true;
  if (modifiers.has(event.key)) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  const chord = event.ctrlKey || event.metaKey;
  if (!chord && target.closest(typing)) {
    const kind = target instanceof HTMLInputElement ? target.type : "";
    // A checkbox takes the space bar alone: other keys stay the page's.
    return !(["checkbox", "radio"].includes(kind) && name !== "Space" && !name.startsWith("Arrow"));
  }
  return (name === "Enter" || name === "Space") && target.closest(pressable) !== null;
}

/** The one place that turns keys into actions. */
export class KeyDispatcher {
  #scopes: KeyScope[] = [];
  #pressed: string[] = [];
  #pressedAt = 0;
  #listeners = new Set<() => void>();

  constructor(
    private settings: () => KeySettings,
    /** True while a dialog is open: it has the keys to itself. */
    private blocked: () => boolean = () => false,
  ) {}

  /** Adds a scope; returns its removal. */
  add(scope: KeyScope): () => void {
    this.#scopes = [...this.#scopes, scope];
    this.#notify();
    return () => {
      this.#scopes = this.#scopes.filter((other) => other !== scope);
      this.#notify();
    };
  }

  /** Scopes that hold now. */
  scopes = (): readonly KeyScope[] => this.#scopes;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Runs the binding of the key, if any; true if there was one, or a sequence has begun. */
  handle(event: KeyboardEvent): boolean {
    const name = keyName(event);
    if (event.defaultPrevented || this.blocked() || belongsToControl(event, name)) return false;
    if (event.timeStamp - this.#pressedAt > sequenceTimeout) this.#pressed = [];
    const pressed = [...this.#pressed, name];
    const found = this.#find(pressed.join(" ")) ?? (pressed.length > 1 ? this.#find(name) : undefined);
    if (found) {
      this.#pressed = [];
      event.preventDefault();
      found.run(event);
      return true;
    }
    this.#pressed = this.#begins(pressed.join(" ")) ? pressed : this.#begins(name) ? [name] : [];
    this.#pressedAt = event.timeStamp;
    return this.#pressed.length > 0;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Bindings that the person's settings allow now, the latest scope first. */
  *#allowed(): Generator<[string, KeyBinding]> {
    const settings = this.settings();
    for (const scope of [...this.#scopes].reverse()) {
      const element = scope.element?.();
      const focused = !scope.element || (element?.contains(document.activeElement) ?? false);
      for (const binding of scope.bindings) {
        const keys = effectiveKeys(scope.name, binding, settings);
        if (keys === undefined) continue;
        const single = isSingleKey(keys);
        if (single && settings.mode === "off") continue;
        if (single && settings.mode === "focus" && !(focused && scope.element)) continue;
        yield [keys, binding];
      }
    }
  }

  #find(keys: string): KeyBinding | undefined {
    for (const [own, binding] of this.#allowed()) if (own === keys) return binding;
    return undefined;
  }

  #begins(keys: string): boolean {
    for (const [own] of this.#allowed()) if (own.startsWith(`${keys} `)) return true;
    return false;
  }
}
