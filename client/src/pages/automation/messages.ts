export const messages = {
  title: "Automation",
} as const;
