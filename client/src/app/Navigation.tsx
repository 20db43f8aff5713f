import MenuIcon from "@mui/icons-material/Menu";
import AppBar from "@mui/material/AppBar";
import Badge from "@mui/material/Badge";
import Box from "@mui/material/Box";
import IconButton from "@mui/material/IconButton";
import List from "@mui/material/List";
import ListItem from "@mui/material/ListItem";
import ListItemButton from "@mui/material/ListItemButton";
import ListItemIcon from "@mui/material/ListItemIcon";
import ListItemText from "@mui/material/ListItemText";
import Toolbar from "@mui/material/Toolbar";
import Typography from "@mui/material/Typography";
import { Suspense, useState } from "react";
import { Link, useLocation } from "react-router";
import { Loading } from "../components/Loading.tsx";
import { BadgeDocument } from "../gql/graphql.ts";
import { ConnectionDot } from "./ConnectionDot.tsx";
import { formatCompact } from "./format.ts";
import { t } from "./i18n.ts";
import { later } from "./later.ts";
import { useLive } from "./live.ts";
import { isCurrent, navigation } from "./navigation.ts";
import { ThemeButton } from "./ThemeButton.tsx";
import { UserMenu } from "./UserMenu.tsx";

const NavigationDrawer = later(() => import("./NavigationDrawer.tsx"));

function Entries({ pending, onGo }: { pending: number | null; onGo?: () => void }) {
  const { pathname } = useLocation();
  return (
    <Box component="nav" aria-label={t("common.nav.label")} sx={{ flex: 1, overflow: "auto" }}>
      <List dense sx={{ px: 1 }}>
        {navigation.map((entry) => {
          const current = isCurrent(entry, pathname);
          const badge = entry.path === "/approvals" && pending ? pending : null;
          return (
            <ListItem key={entry.path} disablePadding>
              <ListItemButton
                component={Link}
                to={entry.path}
                selected={current}
                aria-current={current ? "page" : undefined}
                onClick={onGo}
                sx={{ borderRadius: 1, minHeight: 36 }}
              >
                <ListItemIcon sx={{ minWidth: 34 }}>
                  <entry.icon fontSize="small" color={current ? "primary" : "inherit"} />
                </ListItemIcon>
                <ListItemText primary={t(entry.label)} />
                {badge !== null && (
                  <Box
                    component="span"
                    title={t("common.nav.waiting", { count: badge })}
                    sx={{ fontSize: 12, fontWeight: 600, color: "text.secondary", fontVariantNumeric: "tabular-nums" }}
                  >
                    {formatCompact(badge)}
                  </Box>
                )}
              </ListItemButton>
            </ListItem>
          );
        })}
      </List>
    </Box>
  );
}

function Foot() {
  return (
    <Box sx={{ display: "flex", alignItems: "center", gap: 0.5, p: 1, borderTop: 1, borderColor: "divider" }}>
      <UserMenu />
      <Box sx={{ flex: 1 }} />
      <ThemeButton />
      <ConnectionDot />
    </Box>
  );
}

/** Rail of all pages; below 900 px a bar with a menu. */
export function Navigation({ width }: { width: number }) {
  const [open, setOpen] = useState<boolean | null>(null);
  const [pending, setPending] = useState<number | null>(null);
  useLive(BadgeDocument, {}, { next: (data) => setPending(data.approvalStats.pending) });
  const product = (
    <Typography component="p" variant="h2" sx={{ px: 2, py: 1.5 }}>
      {t("common.product")}
    </Typography>
  );
  return (
    <>
      <Box
        component="header"
        sx={{
          display: { xs: "none", md: "flex" },
          flexDirection: "column",
          width,
          flexShrink: 0,
          position: "sticky",
          top: 0,
          height: "100dvh",
          borderInlineEnd: 1,
          borderColor: "divider",
          bgcolor: "background.paper",
        }}
      >
        {product}
        <Entries pending={pending} />
        <Foot />
      </Box>
      <AppBar
        color="inherit"
        variant="outlined"
        elevation={0}
        sx={{ display: { xs: "block", md: "none" }, borderWidth: "0 0 1px" }}
      >
        <Toolbar variant="dense" sx={{ gap: 1, minHeight: 52 }}>
          <IconButton edge="start" aria-label={t("common.nav.open")} onClick={() => setOpen(true)}>
            <Badge color="primary" variant="dot" invisible={!pending}>
              <MenuIcon />
            </Badge>
          </IconButton>
          <Typography component="p" variant="h3" sx={{ flex: 1 }} noWrap>
            {t("common.product")}
          </Typography>
          <ConnectionDot />
        </Toolbar>
      </AppBar>
      {open !== null && (
        <Suspense fallback={<Loading overlay />}>
          <NavigationDrawer open={open} onClose={() => setOpen(false)}>
            <Box sx={{ width: 240, display: "flex", flexDirection: "column", height: "100%" }}>
              {product}
              <Entries pending={pending} onGo={() => setOpen(false)} />
              <Foot />
            </Box>
          </NavigationDrawer>
        </Suspense>
      )}
    </>
  );
}
