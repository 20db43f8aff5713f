import {
  createContext,
  type ReactNode,
  type RefObject,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from "react";
import { type KeyBinding, KeyDispatcher, type KeyScope } from "./dispatcher.ts";
import { keySettings } from "./settings.ts";

const KeysContext = createContext(new KeyDispatcher(keySettings.get));

const dialogIsOpen = () =>
  document.querySelector("[role='dialog'], [role='alertdialog'], [role='menu'], [role='listbox']") !== null;

/** Listens to the keys of the page. */
export function KeysProvider({ children }: { children: ReactNode }) {
  const [dispatcher] = useState(() => new KeyDispatcher(keySettings.get, dialogIsOpen));
  useEffect(() => {
    const listen = (event: KeyboardEvent) => void dispatcher.handle(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [dispatcher]);
  return <KeysContext value={dispatcher}>{children}</KeysContext>;
}

/** Has bindings while the component is shown. Memoise them: a new list is a new scope. */
export function useKeys(
  name: string,
  title: string,
  bindings: readonly KeyBinding[],
  element?: RefObject<HTMLElement | null>,
): void {
  const dispatcher = useContext(KeysContext);
  useEffect(
    () => dispatcher.add({ name, title, bindings, ...(element ? { element: () => element.current } : {}) }),
    [dispatcher, name, title, bindings, element],
  );
}

/** Scopes that hold now, for the sheet of shortcuts, the palette and the settings. */
export function useKeyScopes(): readonly KeyScope[] {
  const dispatcher = useContext(KeysContext);
  return useSyncExternalStore(dispatcher.subscribe, dispatcher.scopes);
}
