export const messages = {
  title: "Audit",
} as const;
