export const messages = {
  title: "Sign in",
  token: "Token",
  tokenHelp: "A bearer token of your administrator, or an API token. It stays in this page's memory.",
  tokenMissing: "Paste a token first.",
  keep: "Keep it for this tab",
  submit: "Sign in",
  oidc: "Sign in with your organization",
  expired: "Your session has ended. Sign in again: the page keeps its state.",
  finishing: "Signing in",
} as const;
