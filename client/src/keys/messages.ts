export const messages = {
  change: "Change",
  changeOf: "Change the keys of {label}",
  press: "Press a key, Escape to keep",
  reset: "As shipped",
  resetOf: "As shipped: {label}",
  remove: "None",
  removeOf: "None for {label}",
  none: "no key",
  conflict: "Several actions want {keys}: the first one gets it.",
} as const;
