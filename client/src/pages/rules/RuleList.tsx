import Add from "@mui/icons-material/Add";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { Link as RouterLink } from "react-router";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Page } from "../../components/Page.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
import { useAction } from "../../components/useAction.ts";
import { visuallyHidden } from "../../components/visuallyHidden.ts";
import {
  EnableRuleDocument,
  ReorderRulesDocument,
  type RulePartsFragment,
  RulesDocument,
  type RunPartsFragment,
} from "../../gql/graphql.ts";
import { moved } from "./form.ts";
import { RuleRow } from "./RuleRow.tsx";

/** Rules in the order in which they are tried; a new order is saved as a whole, for one evaluation of the resources. */
export function RuleList() {
  const { canAdminister } = useViewer();
  const { data, error, loading, refetch } = useQuery(RulesDocument);
  const { act, busy } = useAction();
  const [draft, setDraft] = useState<string[] | null>(null);
  const [announcement, setAnnouncement] = useState("");
  const [run, setRun] = useState<RunPartsFragment | null>(null);
  const stored = data?.rules.nodes ?? [];
  const byId = new Map(stored.map((rule) => [rule.id, rule]));
  const order = draft ?? stored.map(({ id }) => id);
  const rules = order.flatMap((id) => byId.get(id) ?? []);

  const move = (rule: RulePartsFragment, by: number) => {
    const next = moved(order, rule.id, by);
    setDraft(next);
    setAnnouncement(t("rules.moved", { name: rule.ruleName, place: next.indexOf(rule.id) + 1, total: next.length }));
    const focused = document.activeElement;
    requestAnimationFrame(() => {
      // A button at an end of the list is disabled after the move: the link of the rule keeps the focus in the row.
      if (focused instanceof HTMLElement && focused.isConnected && !focused.matches(":disabled")) focused.focus();
      else document.querySelector<HTMLElement>(`[data-rule="${rule.id}"] a`)?.focus();
    });
  };
  const saveOrder = async () => {
    const payload = await act(ReorderRulesDocument, { input: { ids: order } }, (d) => d.reorderRules, {
      done: t("rules.done.order"),
    });
    if (!payload?.rules) return;
    setDraft(null);
    setRun(payload.run ?? null);
    await refetch();
  };
  const enable = async (rule: RulePartsFragment, enabled: boolean) => {
    const payload = await act(EnableRuleDocument, { input: { id: rule.id, enabled } }, (d) => d.setRuleEnabled, {
      done: t(enabled ? "rules.done.enabled" : "rules.done.disabled", { name: rule.ruleName }),
    });
    if (payload?.run) setRun(payload.run);
  };
  const create = (
    <Button component={RouterLink} to="/rules/new" startIcon={<Add />} variant="contained">
      {t("rules.new")}
    </Button>
  );
  return (
    <Page
      title={t("rules.title")}
      figures={data && t("rules.figures", { count: data.rules.totalCount ?? rules.length })}
      actions={canAdminister && create}
    >
      <Box role="status" sx={visuallyHidden}>
        {announcement}
      </Box>
      <Box sx={{ display: "grid", gap: 1, gridTemplateColumns: "minmax(0, 1fr)" }}>
        {loading && !data && <LinearProgress aria-label={t("common.loading")} />}
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {run && <RunProgress key={run.id} run={run} label={t("rules.backfill")} />}
        {!canAdminister && data && <Alert severity="info">{t("rules.readOnly")}</Alert>}
        {draft && (
          <Alert
            severity="warning"
            action={
              <>
                <Button color="inherit" size="small" onClick={() => setDraft(null)}>
                  {t("common.cancel")}
                </Button>
                <Button color="inherit" size="small" disabled={busy} onClick={() => void saveOrder()}>
                  {t("rules.saveOrder")}
                </Button>
              </>
            }
          >
            {t("rules.orderChanged")}
          </Alert>
        )}
        {data && rules.length === 0 && (
          <EmptyState title={t("rules.none")} description={t("rules.noneHelp")} action={canAdminister && create} />
        )}
        {canAdminister && rules.length > 1 && (
          <Typography variant="body2" color="textSecondary">
            {t("rules.orderHelp")}
          </Typography>
        )}
        <Box
          component="ol"
          aria-label={t("rules.list")}
          sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1, gridTemplateColumns: "minmax(0, 1fr)" }}
        >
          {rules.map((rule, index) => (
            <RuleRow
              key={rule.id}
              rule={rule}
              place={index + 1}
              total={rules.length}
              busy={busy}
              canAdminister={canAdminister}
              onMove={(by) => move(rule, by)}
              onEnable={(enabled) => void enable(rule, enabled)}
            />
          ))}
        </Box>
      </Box>
    </Page>
  );
}
