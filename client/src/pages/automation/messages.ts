export const messages = {
  title: "Automation",
  progress: "{done} of {total}",
  rate: "{rate} a second",
  ends: "ends",
  cancelling: "cancellation requested",
} as const;
