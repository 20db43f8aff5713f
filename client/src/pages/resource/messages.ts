export const messages = {
  title: "Resource",
} as const;
