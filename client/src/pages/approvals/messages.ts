export const messages = {
  title: "Approvals",
} as const;
