import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";

interface EmptyStateProps {
  title: string;
  description?: ReactNode;
  /** Next step. */
  action?: ReactNode;
}

/** Place of a list that has nothing to show, with the next step. */
export function EmptyState({ title, description, action }: EmptyStateProps) {
  return (
    <Box sx={{ display: "grid", justifyItems: "center", gap: 1, py: 6, px: 2, textAlign: "center" }}>
      <Typography variant="h2" component="p">
        {title}
      </Typography>
      {description !== undefined && (
        <Typography component="div" color="textSecondary" sx={{ maxWidth: "60ch" }}>
          {description}
        </Typography>
      )}
      {action !== undefined && <Box sx={{ mt: 1 }}>{action}</Box>}
    </Box>
  );
}
