import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { splitDocuments } from "./scripts/split-documents.ts";

/** Service that `npm run dev` and `npm run preview` pass requests on to. */
const service = process.env.SERVICE ?? "http://127.0.0.1:8000";

// The service puts a fresh nonce in place of this word into each copy of index.html that it sends.
const cspNonce = "CSP_NONCE_PLACEHOLDER";

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'nonce-${cspNonce}'`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

// The origin is kept (changeOrigin: false): the service takes a websocket whose Origin is its Host.
const proxy = Object.fromEntries(
  ["/graphql", "/graphiql", "/csv", "/client", "/healthz", "/readyz"].map((path) => [
    path,
    { target: service, ws: path === "/graphql", changeOrigin: false },
  ]),
);

export default defineConfig({
  plugins: [splitDocuments(), react()],
  html: { cspNonce },
  server: { port: 5173, strictPort: true, proxy },
  preview: { proxy, headers: { "Content-Security-Policy": contentSecurityPolicy } },
  build: {
    target: "es2023",
    sourcemap: false,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    manifest: true,
    chunkSizeWarningLimit: 600,
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    coverage: {
      reporter: ["text-summary"],
      thresholds: { lines: 95 },
      include: ["src/queue/**", "src/url/**", "src/keys/**"],
      exclude: ["**/*.tsx", "**/*.test.ts"],
    },
  },
});
