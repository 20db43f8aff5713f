import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { type ReactNode, useId } from "react";

interface PanelProps {
  title: string;
  help?: ReactNode;
  controls?: ReactNode;
  children: ReactNode;
}

/** Part of a page with a heading of its own. */
export function Panel({ title, help, controls, children }: PanelProps) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} sx={{ p: 2, minWidth: 0 }}>
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 1, mb: 1 }}>
        <Typography variant="h2" id={id} sx={{ flex: "1 1 auto" }}>
          {title}
        </Typography>
        {controls}
      </Box>
      {help !== undefined && (
        <Typography variant="body2" color="textSecondary" sx={{ mb: 1.5 }}>
          {help}
        </Typography>
      )}
      {children}
    </Paper>
  );
}
