export const messages = {
  title: "Rules",
} as const;
