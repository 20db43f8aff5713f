import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import { Suspense, useEffect } from "react";
import { Outlet, useLocation } from "react-router";
import { Loading } from "../components/Loading.tsx";
import { KeysProvider } from "../keys/KeysProvider.tsx";
import { client } from "./apollo.ts";
import { clientConfig } from "./config.ts";
import { ConnectionBanner } from "./ConnectionBanner.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { GlobalKeys } from "./GlobalKeys.tsx";
import { t } from "./i18n.ts";
import { later } from "./later.ts";
import { Navigation } from "./Navigation.tsx";
import { onSignIn, useSession } from "./session.ts";
import { ViewerProvider } from "./viewer.tsx";

const LoginForm = later(() => import("../pages/login/LoginForm.tsx"));

const railWidth = 208;

function SignedIn() {
  const { pathname } = useLocation();
  const { expired } = useSession();
  useEffect(() => onSignIn(() => void client.resetStore().catch(() => undefined)), []);
  return (
    <ViewerProvider>
      <GlobalKeys />
      <Box sx={{ display: "flex", minHeight: "100dvh" }}>
        <Navigation width={railWidth} />
        <Box sx={{ flex: 1, minWidth: 0, pt: { xs: "52px", md: 0 } }}>
          <ConnectionBanner />
          <Box component="main" id="main" sx={{ p: { xs: 1.5, sm: 2, lg: 3 } }}>
            <ErrorBoundary place={pathname}>
              <Suspense fallback={<Loading />}>
                <Outlet />
              </Suspense>
            </ErrorBoundary>
          </Box>
        </Box>
      </Box>
      <Suspense fallback={<Loading overlay />}>{expired && <LoginForm overlay />}</Suspense>
    </ViewerProvider>
  );
}

/** Frame of all pages. Whoever has no token yet sees the login in place of the page, and the page after it. */
export function Shell() {
  const { token } = useSession();
  const { pathname } = useLocation();
  const needsLogin = clientConfig().authentication !== "NONE" && token === null;
  return (
    <KeysProvider>
      <Link
        href="#main"
        sx={{
          position: "absolute",
          insetInlineStart: 8,
          top: -60,
          zIndex: "tooltip",
          bgcolor: "background.paper",
          p: 1,
          "&:focus": { top: 8 },
        }}
      >
        {t("common.skip")}
      </Link>
      {needsLogin || pathname.startsWith("/login") ? (
        <Box component="main" id="main">
          <Suspense fallback={<Loading />}>{pathname.startsWith("/login") ? <Outlet /> : <LoginForm />}</Suspense>
        </Box>
      ) : (
        <SignedIn />
      )}
    </KeysProvider>
  );
}
