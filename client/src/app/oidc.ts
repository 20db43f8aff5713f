import { clientConfig } from "./config.ts";
import { signIn } from "./session.ts";

/** OpenID Connect by authorization code with PKCE. The library is loaded when it is needed; tokens stay in memory. */
async function manager() {
  const { UserManager, WebStorageStateStore, InMemoryWebStorage } = await import("oidc-client-ts");
  const { oidc } = clientConfig();
  if (!oidc) throw new Error("The service names no OpenID provider.");
  return new UserManager({
    authority: oidc.authority,
    client_id: oidc.clientId,
    scope: oidc.scope,
    redirect_uri: `${window.location.origin}/login/callback`,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  });
}

/** Leaves for the provider; comes back to `/login/callback`, and then to the page. */
export async function startOidcLogin(page: string): Promise<void> {
  await (await manager()).signinRedirect({ state: page });
}

/** Ends the login with the code of the provider; returns the page to go back to. */
export async function finishOidcLogin(): Promise<string> {
  const user = await (await manager()).signinRedirectCallback();
  signIn(user.access_token, false);
  return typeof user.state === "string" ? user.state : "/";
}
