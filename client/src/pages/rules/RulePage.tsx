import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { useMemo, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Page } from "../../components/Page.tsx";
import { useAction } from "../../components/useAction.ts";
import {
  DeleteRuleDocument,
  RuleDetailDocument,
  RuleFiguresDocument,
  RuleLanguageDocument,
  type RulePartsFragment,
} from "../../gql/graphql.ts";
import { text, urlCodec } from "../../url/codec.ts";
import { useUrlView } from "../../url/useUrlView.ts";
import { emptyRule, formOfRule } from "./form.ts";
import { RuleEditor } from "./RuleEditor.tsx";

/** Parts of a new rule that another page proposes, as the queue does for a pattern. */
const prefill = urlCodec({ condition: text, tagKey: text, tagValue: text, ruleName: text });

function useLanguage() {
  const { data, error } = useQuery(RuleLanguageDocument);
  const language = useMemo(() => data && { ...data.ruleLanguage, vocabulary: data.vocabulary }, [data]);
  return { language, error };
}

function Figures({ id }: { id: string }) {
  const { data } = useQuery(RuleFiguresDocument, { variables: { id } });
  const count = (part: { totalCount?: number | null } | undefined) => formatNumber(part?.totalCount ?? 0);
  if (!data) return null;
  return t("rules.figures.text", {
    approved: count(data.approved),
    denied: count(data.denied),
    pending: count(data.pending),
  });
}

function DeleteRule({ rule }: { rule: RulePartsFragment }) {
  const navigate = useNavigate();
  const { act, busy } = useAction();
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    const payload = await act(DeleteRuleDocument, { input: { id: rule.id } }, (data) => data.deleteRule, {
      done: t("rules.done.deleted", { name: rule.ruleName }),
    });
    if (payload?.rule) await navigate("/rules");
  };
  return (
    <>
      <Button color="error" onClick={() => setAsking(true)}>
        {t("rules.delete")}
      </Button>
      <ConfirmDialog
        open={asking}
        title={t("rules.delete.title", { name: rule.ruleName })}
        verb={t("rules.delete.verb")}
        danger
        busy={busy}
        onConfirm={() => void remove()}
        onClose={() => setAsking(false)}
      >
        <Typography>{t("rules.delete.text")}</Typography>
      </ConfirmDialog>
    </>
  );
}

/** New rule, filled in with what the address proposes. */
export function NewRulePage() {
  const { view } = useUrlView(prefill);
  const { language, error } = useLanguage();
  return (
    <Page title={t("rules.new")}>
      {error && <ErrorPanel error={error} />}
      {language && <RuleEditor initial={{ ...emptyRule, ...view }} language={language} />}
    </Page>
  );
}

/** Stored rule. */
export function RulePage() {
  const { id = "" } = useParams();
  const { canAdminister } = useViewer();
  const { language, error: languageError } = useLanguage();
  const { data, error, loading, refetch } = useQuery(RuleDetailDocument, {
    variables: { id },
    fetchPolicy: "network-only",
  });
  const rule = data?.rule;
  const problem = error ?? languageError;
  return (
    <Page
      title={rule?.ruleName ?? t("rules.title")}
      figures={rule && <Figures id={id} />}
      actions={rule && canAdminister && <DeleteRule rule={rule} />}
    >
      {loading && !data && <LinearProgress aria-label={t("common.loading")} />}
      {problem && <ErrorPanel error={problem} onRetry={() => void refetch()} />}
      {data && !rule && <EmptyState title={t("rules.missing")} description={t("rules.missingHelp")} />}
      {rule && language && <RuleEditor key={rule.id} rule={rule} initial={formOfRule(rule)} language={language} />}
    </Page>
  );
}
