import Box from "@mui/material/Box";
import MuiLink from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { Link } from "react-router";
import { t } from "../../../app/i18n.ts";
import { AccountName } from "../../../components/AccountName.tsx";
import type { SuggestionPartsFragment } from "../../../gql/graphql.ts";

/** Samples of a suggestion's resources, those first about which the engine is least sure, and the condition. */
export function SuggestionSamples({ suggestion }: { suggestion: SuggestionPartsFragment }) {
  return (
    <>
      <Typography variant="h3" sx={{ mt: 2, mb: 0.5 }}>
        {t("approvals.suggestion.samples")}
      </Typography>
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
        {suggestion.samples.map((resource) => (
          <Box
            component="li"
            key={resource.id}
            sx={{
              display: "grid",
              gridTemplateColumns: { xs: "1fr", sm: "minmax(0, 3fr) minmax(0, 2fr) minmax(0, 2fr)" },
              columnGap: 1.5,
              py: 0.5,
              borderBottom: 1,
              borderColor: "divider",
              "& > *": { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
            }}
          >
            <MuiLink component={Link} to={`/resources/${resource.id}`} title={resource.name}>
              {resource.name}
            </MuiLink>
            <Box component="span" sx={{ color: "text.secondary" }} title={resource.resourceType}>
              {resource.resourceType}
            </Box>
            <Box component="span" sx={{ color: "text.secondary" }} title={resource.accountId}>
              <AccountName cloud={resource.cloud} accountId={resource.accountId} />
            </Box>
          </Box>
        ))}
      </Box>
      <Typography variant="h3" sx={{ mt: 2, mb: 0.5 }}>
        {t("approvals.suggestion.condition")}
      </Typography>
      <Box component="code" sx={{ display: "block", fontSize: 12.5, overflowWrap: "anywhere" }}>
        {suggestion.condition}
      </Box>
    </>
  );
}
