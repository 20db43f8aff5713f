/* eslint-disable no-restricted-globals -- the one place that touches the browser's storages; no token is ever put here by default */

/** Reads a preference; undefined if there is none, or storage is refused. */
export function readPreference(name: string): unknown {
  try {
    const text = localStorage.getItem(`virtual-tagging.${name}`);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Stores a preference; without storage it holds until the page is closed. */
export function writePreference(name: string, value: unknown): void {
  try {
    localStorage.setItem(`virtual-tagging.${name}`, JSON.stringify(value));
  } catch {
    // Storage is full or refused.
  }
}

const tokenName = "virtual-tagging.token";

/** Reads the token that the person asked to keep for this tab. */
export function readTabToken(): string | null {
  try {
    return sessionStorage.getItem(tokenName);
  } catch {
    return null;
  }
}

/** Keeps a token for this tab, or forgets it. */
export function writeTabToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(tokenName);
    else sessionStorage.setItem(tokenName, token);
  } catch {
    // Storage is refused: the token stays in memory.
  }
}
