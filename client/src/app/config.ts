import { z } from "zod/mini";
import { createStore } from "./store.ts";

const configSchema = z.object({
  version: z._default(z.string(), ""),
  schemaHash: z._default(z.string(), ""),
  authentication: z._default(z.enum(["NONE", "TOKEN", "OIDC"]), "NONE"),
  oidc: z.nullish(
    z.object({ authority: z.string(), clientId: z.string(), scope: z._default(z.string(), "openid profile") }),
  ),
  thresholds: z._default(z.object({ autoApply: z.number(), review: z.number() }), { autoApply: 0.9, review: 0.7 }),
  uploadMaxBytes: z._default(z.number(), 268_435_456),
});

/** Settings that every page needs before it asks for anything else: `GET /client/config.json`. */
export type ClientConfig = z.infer<typeof configSchema>;

const store = createStore<ClientConfig>(z.parse(configSchema, {}));

/** Loads the configuration; a service that does not publish one is asked without a token first. */
export async function loadConfig(): Promise<ClientConfig> {
  const response = await fetch("/client/config.json", { headers: { Accept: "application/json" } });
  if (response.ok) {
    const parsed = z.safeParse(configSchema, await response.json());
    if (parsed.success) store.set(parsed.data);
  }
  return store.get();
}

/** Configuration as loaded at the start. */
export function clientConfig(): ClientConfig {
  return store.get();
}
