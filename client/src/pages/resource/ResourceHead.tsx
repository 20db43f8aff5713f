import ContentCopy from "@mui/icons-material/ContentCopy";
import OpenInNew from "@mui/icons-material/OpenInNew";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import IconButton from "@mui/material/IconButton";
import Link from "@mui/material/Link";
import { Link as RouterLink } from "react-router";
import { formatAmount, formatMoment, formatMonth } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { AccountName } from "../../components/AccountName.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import type { ResourceDetailQuery } from "../../gql/graphql.ts";
import { consoleLink } from "./consoleLink.ts";

type Resource = NonNullable<ResourceDetailQuery["resource"]>;

/** Ids, place and times of a resource. */
export function ResourceHead({ resource }: { resource: Resource }) {
  const notify = useNotify();
  const copy = () =>
    void navigator.clipboard.writeText(resource.resourceId).then(() => notify({ message: t("common.copied") }));
  const address = consoleLink(resource);
  const facts: [string, string][] = [
    [t("resource.created"), resource.createdAt],
    [t("resource.firstSeen"), resource.firstSeenAt],
    [t("resource.lastSeen"), resource.lastSeenAt],
  ];
  return (
    <Box sx={{ mb: 2, display: "grid", gap: 1 }}>
      {resource.retiredAt && (
        <Alert severity="warning">{t("resource.retired", { time: formatMoment(resource.retiredAt) })}</Alert>
      )}
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 0.5 }}>
        <Box component="code" sx={{ overflowWrap: "anywhere" }}>
          {resource.resourceId}
        </Box>
        <IconButton size="small" aria-label={t("resource.copyId")} title={t("resource.copyId")} onClick={copy}>
          <ContentCopy fontSize="inherit" />
        </IconButton>
        {address && (
          <Button size="small" href={address} target="_blank" rel="noreferrer" endIcon={<OpenInNew />}>
            {t("resource.console")}
          </Button>
        )}
      </Box>
      <Box sx={{ display: "flex", flexWrap: "wrap", columnGap: 3, rowGap: 0.5, color: "text.secondary" }}>
        <span>{resource.resourceType}</span>
        <Link
          component={RouterLink}
          to={`/resources?cloud=${resource.cloud}&accountId=${encodeURIComponent(resource.accountId)}`}
        >
          <AccountName cloud={resource.cloud} accountId={resource.accountId} />
        </Link>
        {resource.region && <span>{resource.region}</span>}
        {resource.serviceCategory && (
          <span>
            {t("resource.category")}: {resource.serviceCategory}
          </span>
        )}
        {resource.cost.map(({ month, currency, amount, isComplete }) => (
          <span key={currency}>
            {t(isComplete ? "resource.cost" : "resource.costSoFar", {
              amount: formatAmount(amount, currency),
              month: formatMonth(month),
            })}
          </span>
        ))}
        {facts.map(([label, time]) => (
          <span key={label}>
            {label} <RelativeTime value={time} />
          </span>
        ))}
      </Box>
    </Box>
  );
}
