export const messages = {
  title: "Dashboard",
} as const;
