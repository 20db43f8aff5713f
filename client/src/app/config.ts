import { z } from "zod";
import { createStore } from "./store.ts";

const configSchema = z.object({
  version: z.string().default(""),
  schemaHash: z.string().default(""),
  authentication: z.enum(["NONE", "TOKEN", "OIDC"]).default("NONE"),
  oidc: z
    .object({ authority: z.string(), clientId: z.string(), scope: z.string().default("openid profile") })
    .nullish(),
  thresholds: z.object({ autoApply: z.number(), review: z.number() }).default({ autoApply: 0.9, review: 0.7 }),
  uploadMaxBytes: z.number().default(268_435_456),
});

/** What the service tells every page before it is asked anything: `GET /client/config.json`. */
export type ClientConfig = z.infer<typeof configSchema>;

const store = createStore<ClientConfig>(configSchema.parse({}));

/** Loads the configuration; a service that does not publish one is asked without a token first. */
export async function loadConfig(): Promise<ClientConfig> {
  const response = await fetch("/client/config.json", { headers: { Accept: "application/json" } });
  if (response.ok) {
    const parsed = configSchema.safeParse(await response.json());
    if (parsed.success) store.set(parsed.data);
  }
  return store.get();
}

/** Configuration as loaded at the start. */
export function clientConfig(): ClientConfig {
  return store.get();
}
