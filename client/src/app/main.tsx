import "./jitless.ts";
import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { loadConfig } from "./config.ts";
import { cspNonce } from "./nonce.ts";
import { preloadPage } from "./routes.tsx";

const cache = createCache({ key: "vt", nonce: cspNonce, prepend: true });
const root = document.getElementById("root");

async function start(): Promise<void> {
  if (!root) return;
  preloadPage(window.location.pathname);
  // Without an answer the page opens all the same, and says what is wrong where it asks for data.
  await loadConfig().catch(() => undefined);
  createRoot(root).render(
    <StrictMode>
      <CacheProvider value={cache}>
        <App />
      </CacheProvider>
    </StrictMode>,
  );
}

void start();
