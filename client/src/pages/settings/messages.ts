export const messages = {
  title: "Settings",
} as const;
