import { createStore, useStore } from "./store.ts";

/** State of the live connection, and since when it holds. */
export interface ConnectionState {
  phase: "connecting" | "live" | "reconnecting" | "offline";
  since: number;
}

const connection = createStore<ConnectionState>({ phase: "connecting", since: Date.now() });

export function setPhase(phase: ConnectionState["phase"]): void {
  if (connection.get().phase !== phase) connection.set({ phase, since: Date.now() });
}

export function useConnectionState(): ConnectionState {
  return useStore(connection);
}
