import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";
import { t } from "../app/i18n.ts";

interface PageProps {
  title: string;
  /** Title of the browser's tab, as with a count; that of the page if omitted. */
  documentTitle?: string;
  /** Line below the title. */
  figures?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

let lastPath: string | undefined;

/** Frame of a page: the one `h1`, which gets the focus after a navigation, and the title of the tab. */
export function Page({ title, documentTitle, figures, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  const navigationType = useNavigationType();
  useEffect(() => {
    document.title = `${documentTitle ?? title} · ${t("common.product")}`;
  }, [documentTitle, title]);
  useEffect(() => {
    // The first page is where the browser starts; later ones tell that they have come.
    if (lastPath !== undefined && lastPath !== pathname && navigationType !== "REPLACE") {
      heading.current?.focus({ preventScroll: true });
    }
    lastPath = pathname;
  }, [pathname, navigationType]);
  return (
    <>
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1, mb: 2 }}>
        <Box sx={{ flex: "1 1 240px", minWidth: 0 }}>
          <Typography variant="h1" ref={heading} tabIndex={-1} sx={{ overflowWrap: "anywhere" }}>
            {title}
          </Typography>
          {figures !== undefined && (
            <Typography component="div" variant="body2" color="textSecondary" sx={{ mt: 0.5 }}>
              {figures}
            </Typography>
          )}
        </Box>
        {actions}
      </Box>
      {children}
    </>
  );
}
