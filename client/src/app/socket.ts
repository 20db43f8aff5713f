import { createClient } from "graphql-ws";
import { setPhase } from "./connection.ts";
import { expireSession, onSignIn, session } from "./session.ts";

let current: WebSocket | undefined;
/** Token that the socket was opened with. */
let opened: string | null = null;

/** Milliseconds to wait before the next try: 0.5 s, doubled up to 4 s, with jitter so that pages do not come all at once. */
export function retryDelay(tries: number, random: () => number = Math.random): number {
  return Math.min(4_000, 500 * 2 ** Math.min(tries, 5)) * (0.5 + random() / 2);
}

/** The one websocket of the page. It comes back by itself after a restart (1012), a lost network, or a new login (4403). */
export const socket = createClient({
  url: () => `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/graphql`,
  keepAlive: 10_000,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
  retryWait: (tries) => new Promise((resolve) => setTimeout(resolve, retryDelay(tries))),
  connectionParams: () => {
    const { token } = session.get();
    opened = token;
    return token ? { Authorization: `Bearer ${token}` } : {};
  },
  on: {
    connecting: (retrying) => setPhase(retrying ? "reconnecting" : "connecting"),
    opened: (own) => {
      current = own as WebSocket;
    },
    connected: () => setPhase("live"),
    closed: (event) => {
      current = undefined;
      const code = (event as CloseEvent).code;
      if (code === 4403 && opened === session.get().token) expireSession();
      setPhase(navigator.onLine ? "reconnecting" : "offline");
    },
  },
});

// A new login takes a new socket: the service knows each socket by the credentials of its start.
onSignIn(() => current?.close(4205, "Client Restart"));

window.addEventListener("offline", () => setPhase("offline"));
window.addEventListener("online", () => setPhase(current ? "live" : "reconnecting"));
