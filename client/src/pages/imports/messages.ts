export const messages = {
  title: "Import & export",
} as const;
