import Box from "@mui/material/Box";
import { Link, type To } from "react-router";

interface PageTabsProps {
  label: string;
  tabs: readonly { to: To; label: string; current: boolean }[];
}

/** Views of a page, each with an address of its own: links, not tabs, for screen readers. */
export function PageTabs({ label, tabs }: PageTabsProps) {
  return (
    <Box
      component="nav"
      aria-label={label}
      sx={{ display: "flex", overflowX: "auto", mb: 2, borderBottom: 1, borderColor: "divider" }}
    >
      {tabs.map((tab) => (
        <Box
          key={tab.label}
          component={Link}
          to={tab.to}
          aria-current={tab.current ? "page" : undefined}
          sx={{
            px: 2,
            py: 1.25,
            fontWeight: 600,
            whiteSpace: "nowrap",
            textDecoration: "none",
            color: tab.current ? "primary.main" : "text.secondary",
            borderBottom: 2,
            borderColor: tab.current ? "primary.main" : "transparent",
            "&:focus-visible": { outlineOffset: -2 },
          }}
        >
          {tab.label}
        </Box>
      ))}
    </Box>
  );
}
