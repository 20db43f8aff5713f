import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import type { Theme } from "@mui/material/styles";
import useMediaQuery from "@mui/material/useMediaQuery";
import { useState } from "react";
import { formatEnum, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { FilterBar, type FilterField } from "../../components/FilterBar.tsx";
import type { ApprovalFacet } from "../../gql/graphql.ts";
import { approvalFacet } from "./facets.ts";
import { type ApprovalsView, CLOUDS, GROUP_ORDERS, KINDS, ORDERS, queueFilter, SOURCES } from "./view.ts";

export type FilterSet = "suggestions" | "patterns" | "single" | "decided";

interface ApprovalFiltersProps {
  tab: FilterSet;
  view: ApprovalsView;
  dropped: readonly string[];
  byKey: readonly { tagKey: string }[];
  onChange: (change: (view: ApprovalsView) => ApprovalsView, options?: { replace?: boolean }) => void;
}

const enums = (values: readonly string[]) => values.map((value) => ({ value, label: formatEnum(value) }));
const SHARES = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99].map((value) => ({ value: String(value), label: formatPercent(value) }));

/** Filters that a tab of the page knows; all live in the address. */
export function ApprovalFilters({ tab, view, dropped, byKey, onChange }: ApprovalFiltersProps) {
  const isNarrow = useMediaQuery((theme: Theme) => theme.breakpoints.down("sm"), { noSsr: true });
  const [isOpen, setOpen] = useState(false);
  const filter = queueFilter(view);
  const facet = (field: ApprovalFacet) => approvalFacet(field, filter);
  const key: FilterField = { name: "key", label: t("approvals.filter.key"), facet: facet("KEY"), width: 190 };
  const account: FilterField = {
    name: "account",
    label: t("approvals.filter.account"),
    facet: facet("ACCOUNT"),
    width: 150,
  };
  const queue: FilterField[] = [
    key,
    { name: "value", label: t("approvals.filter.value"), facet: facet("VALUE"), width: 150 },
    {
      name: "source",
      label: t("approvals.filter.source"),
      options: enums(SOURCES),
      facet: facet("SOURCE"),
      width: 160,
    },
    {
      name: "cloud",
      label: t("approvals.filter.cloud"),
      options: CLOUDS.map((value) => ({ value, label: value })),
      facet: facet("CLOUD"),
      width: 130,
    },
    account,
    { name: "type", label: t("approvals.filter.type"), facet: facet("RESOURCE_TYPE"), width: 150 },
    { name: "kind", label: t("approvals.filter.kind"), options: enums(KINDS), width: 150 },
    { name: "confidence", label: t("approvals.filter.confidence"), options: SHARES, width: 175 },
  ];
  const keys = byKey.map(({ tagKey }) => ({ value: tagKey, label: tagKey }));
  const orders = ORDERS.map((value) => ({ value, label: t(`approvals.order.${value}`) }));
  const groups = GROUP_ORDERS.map((value) => ({ value, label: t(`approvals.group.${value}`) }));
  const fields: Record<FilterSet, FilterField[]> = {
    suggestions: [key, account],
    patterns: [...queue, { name: "groups", label: t("approvals.filter.order"), options: groups, width: 265 }],
    single: [...queue, { name: "order", label: t("approvals.filter.order"), options: orders, width: 160 }],
    decided: [
      {
        name: "status",
        label: t("approvals.filter.status"),
        options: enums(["APPROVED", "DENIED"]),
        width: 140,
      },
      { ...key, facet: undefined, options: keys, free: true },
      { name: "actor", label: t("approvals.filter.actor"), width: 150 },
    ],
  };
  const set = fields[tab].filter(({ name }) => view[name as keyof ApprovalsView] !== undefined).length;
  if (isNarrow && !isOpen) {
    return (
      <Button size="small" variant="outlined" onClick={() => setOpen(true)} sx={{ mb: 1 }}>
        {t("approvals.filters", { count: set })}
      </Button>
    );
  }
  return (
    <FilterBar fields={fields[tab]} view={view} dropped={dropped} onChange={onChange}>
      {view.signature !== undefined && tab !== "decided" && tab !== "suggestions" && (
        <Chip
          label={t("approvals.filter.pattern", { signature: view.signature })}
          onDelete={() => onChange((before) => ({ ...before, signature: undefined }))}
          sx={{ maxWidth: 320 }}
        />
      )}
    </FilterBar>
  );
}
