import { readPreference, readTabToken, writePreference, writeTabToken } from "./storage.ts";
import { createStore, useStore } from "./store.ts";

/** Caller for whom the page speaks. The token is kept in memory alone, unless the person asks to keep it for the tab. */
export interface Session {
  token: string | null;
  /** Name that decisions carry where the service authenticates nobody. */
  actor: string;
  /** The service refused the credentials: the login is shown, the page below it keeps its state. */
  expired: boolean;
}

const actorPreference = readPreference("actor");

export const session = createStore<Session>({
  token: readTabToken(),
  actor: typeof actorPreference === "string" ? actorPreference : "",
  expired: false,
});

type Listener = () => void;
const signedIn = new Set<Listener>();

/** Calls back whenever credentials change, so that sockets reconnect and pages load anew. */
export function onSignIn(listener: Listener): () => void {
  signedIn.add(listener);
  return () => signedIn.delete(listener);
}

export function signIn(token: string, keepForTab: boolean): void {
  writeTabToken(keepForTab ? token : null);
  session.set({ ...session.get(), token, expired: false });
  for (const listener of signedIn) listener();
}

export function signOut(): void {
  writeTabToken(null);
  session.set({ ...session.get(), token: null, expired: true });
  for (const listener of signedIn) listener();
}

export function expireSession(): void {
  session.set({ ...session.get(), expired: true });
}

export function actAs(actor: string): void {
  writePreference("actor", actor);
  session.set({ ...session.get(), actor });
  for (const listener of signedIn) listener();
}

/** Headers that name the caller. */
export function sessionHeaders(): Record<string, string> {
  const { token, actor } = session.get();
  if (token) return { Authorization: `Bearer ${token}` };
  return actor ? { "X-Actor": actor } : {};
}

export function useSession(): Session {
  return useStore(session);
}
