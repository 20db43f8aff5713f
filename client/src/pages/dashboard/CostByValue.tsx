import { useQuery } from "@apollo/client/react";
import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import Skeleton from "@mui/material/Skeleton";
import Typography from "@mui/material/Typography";
import { Link as RouterLink } from "react-router";
import { formatAmount, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { CostByValueDocument } from "../../gql/graphql.ts";
import { type CostPart, costParts } from "./cost.ts";

const VALUES_SHOWN = 10;

const colours: Record<CostPart["kind"], string> = {
  value: "primary.main",
  others: "primary.light",
  untagged: "warning.main",
  unallocated: "text.disabled",
};

function Part({ part, tagKey, currency }: { part: CostPart; tagKey: string; currency: string }) {
  const label = part.kind === "value" ? part.value : t(`dashboard.cost.${part.kind}`);
  const search: Record<string, string> =
    part.kind === "untagged" ? { lacksTagKey: tagKey } : { tagKey, tagValue: part.value };
  return (
    <Box component="li" sx={{ display: "grid", gap: 0.25 }}>
      <Box sx={{ display: "flex", gap: 1, justifyContent: "space-between", fontVariantNumeric: "tabular-nums" }}>
        {part.kind === "value" || part.kind === "untagged" ? (
          <Link component={RouterLink} to={`/resources?${new URLSearchParams(search).toString()}`} sx={{ minWidth: 0 }}>
            {label}
          </Link>
        ) : (
          <span>{label}</span>
        )}
        <Box component="span" sx={{ whiteSpace: "nowrap" }}>
          {formatAmount(part.amount, currency)} · {formatPercent(part.share)}
        </Box>
      </Box>
      <Box aria-hidden sx={{ height: 6, borderRadius: 3, bgcolor: "action.hover", overflow: "hidden" }}>
        <Box sx={{ height: 1, width: part.share, bgcolor: colours[part.kind] }} />
      </Box>
    </Box>
  );
}

/** Cost of a month by the values that hold for a key, as a list with bars. */
export function CostByValue({ tagKey, currency }: { tagKey: string; currency: string }) {
  const { data, error, refetch } = useQuery(CostByValueDocument, { variables: { tagKey }, fetchPolicy: "no-cache" });
  const allocation = data?.costAllocation.find((row) => row.currency === currency);
  return (
    <section>
      <Typography variant="h3" gutterBottom>
        {t("dashboard.cost.byValue", { key: tagKey })}
      </Typography>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton variant="rounded" height={240} />}
      {allocation && (
        <>
          {allocation.allocatedShare !== null && allocation.allocatedShare !== undefined && (
            <Typography variant="body2" gutterBottom>
              {t("dashboard.cost.allocated", { share: formatPercent(allocation.allocatedShare), key: tagKey })}
            </Typography>
          )}
          <Box component="ul" sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1 }}>
            {costParts(allocation, VALUES_SHOWN).map((part) => (
              <Part key={`${part.kind} ${part.value}`} part={part} tagKey={tagKey} currency={currency} />
            ))}
          </Box>
        </>
      )}
    </section>
  );
}
