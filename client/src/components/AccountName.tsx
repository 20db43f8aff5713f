import Box from "@mui/material/Box";
import type { Cloud } from "../gql/graphql.ts";

const short: Record<Cloud, string> = { AWS: "AWS", AZURE: "Azure", GCP: "GCP" };

/** Account with its cloud in front. */
export function AccountName({ cloud, accountId }: { cloud?: Cloud | null; accountId: string }) {
  return (
    <Box component="span" sx={{ overflowWrap: "anywhere" }}>
      {cloud && (
        <Box component="span" sx={{ color: "text.secondary", mr: 0.5 }}>
          {short[cloud]}
        </Box>
      )}
      {accountId}
    </Box>
  );
}
