/** Pages of the client, each with an address that shows it. */
export const pages = [
  "/",
  "/approvals",
  "/approvals/patterns",
  "/approvals/single",
  "/approvals/decided",
  "/resources",
  "/rules",
  "/automation",
  "/imports",
  "/audit",
  "/settings/vocabulary",
  "/settings/models",
  "/settings/shortcuts",
  "/settings/appearance",
  "/login",
  "/no-such-page",
];
