export const messages = {
  title: "Resources",
} as const;
