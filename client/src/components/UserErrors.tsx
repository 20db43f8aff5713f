import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import type { UserErrorPartsFragment } from "../gql/graphql.ts";

/** Mistakes that a mutation reports, each with its field; nothing if there are none. */
export function UserErrors({ errors }: { errors: readonly UserErrorPartsFragment[] | null | undefined }) {
  if (!errors || errors.length === 0) return null;
  return (
    <Alert severity="error" sx={{ overflowWrap: "anywhere" }}>
      {errors.map((error, index) => (
        <Box key={`${error.field ?? ""}${index}`}>
          {error.field && <Box component="strong">{`${error.field}: `}</Box>}
          {error.message}
        </Box>
      ))}
    </Alert>
  );
}
