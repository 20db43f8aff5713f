import { createTheme } from "@mui/material/styles";

declare module "@mui/material/styles" {
  interface Palette {
    /** Colours of the states of coverage: charts and chips use the same ones. */
    state: Record<"approved" | "native" | "pending" | "suggested" | "missing" | "invalid", string>;
  }
  interface PaletteOptions {
    state?: Palette["state"];
  }
}

/** Theme in CSS variables, so that light and dark need no second rendering. Contrast is at least 4.5 : 1 for text. */
export const theme = createTheme({
  cssVariables: { colorSchemeSelector: "data-theme" },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: "#0b57d0" },
        secondary: { main: "#6a3fb5" },
        success: { main: "#1b6e33" },
        warning: { main: "#8f4a00" },
        error: { main: "#b3261e" },
        info: { main: "#00639b" },
        background: { default: "#f6f7f9", paper: "#ffffff" },
        text: { primary: "#1a1c1e", secondary: "#4a4f57" },
        divider: "#d5d9e0",
        state: {
          approved: "#1b6e33",
          native: "#4c8c5f",
          pending: "#0b57d0",
          suggested: "#8aa9e0",
          missing: "#c9ced6",
          invalid: "#b3261e",
        },
      },
    },
    dark: {
      palette: {
        primary: { main: "#9ec1ff" },
        secondary: { main: "#d0bcff" },
        success: { main: "#7fd694" },
        warning: { main: "#ffb868" },
        error: { main: "#ffb4ab" },
        info: { main: "#8fcdff" },
        background: { default: "#111418", paper: "#1a1e24" },
        text: { primary: "#e4e6ea", secondary: "#b3bac4" },
        divider: "#363c45",
        state: {
          approved: "#7fd694",
          native: "#4f9b68",
          pending: "#9ec1ff",
          suggested: "#5674ad",
          missing: "#444b55",
          invalid: "#ffb4ab",
        },
      },
    },
  },
  typography: {
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif',
    fontSize: 13,
    h1: { fontSize: "1.375rem", fontWeight: 650 },
    h2: { fontSize: "1.0625rem", fontWeight: 650 },
    h3: { fontSize: "0.9375rem", fontWeight: 650 },
    button: { textTransform: "none", fontWeight: 600 },
  },
  shape: { borderRadius: 8 },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        ":focus-visible": { outline: "2px solid var(--mui-palette-primary-main)", outlineOffset: 2 },
        "h1:focus": { outline: "none" },
        "@media (prefers-reduced-motion: reduce)": {
          "*, *::before, *::after": {
            animationDuration: "0.01ms !important",
            transitionDuration: "0.01ms !important",
            scrollBehavior: "auto !important",
          },
        },
      },
    },
    MuiButton: { defaultProps: { disableElevation: true } },
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiPaper: { defaultProps: { variant: "outlined" }, styleOverrides: { root: { backgroundImage: "none" } } },
    // A dialog is asked for, often by a key: it is there at once, and never half transparent.
    MuiDialog: {
      defaultProps: { slotProps: { paper: { variant: "elevation" } }, transitionDuration: { enter: 0, exit: 195 } },
    },
    // The list of proposals is a part of the page or the dialog that has the field, and not cut off by it.
    MuiAutocomplete: {
      defaultProps: { disablePortal: true, slotProps: { popper: { popperOptions: { strategy: "fixed" } } } },
    },
    // Its own grey has too little contrast on the page, outside of papers.
    MuiToggleButton: { styleOverrides: { root: { color: "var(--mui-palette-text-secondary)" } } },
    MuiTextField: { defaultProps: { size: "small" } },
    MuiSelect: { defaultProps: { size: "small" } },
    MuiTooltip: { defaultProps: { arrow: true, enterDelay: 400 } },
    // Links within text are told by more than their colour.
    MuiLink: { defaultProps: { underline: "always" } },
  },
});
