import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import { zodResolver } from "@hookform/resolvers/zod";
import { useApolloClient } from "@apollo/client/react";
import { useMemo, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { useLocation, useNavigate } from "react-router";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
import { useAction } from "../../components/useAction.ts";
import { UserErrors } from "../../components/UserErrors.tsx";
import {
  CreateRuleDocument,
  RuleDetailDocument,
  type RuleErrorPartsFragment,
  type RulePartsFragment,
  type RunPartsFragment,
  UpdateRuleDocument,
} from "../../gql/graphql.ts";
import type { RuleLanguageParts } from "./celLanguage.ts";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { fieldOf, formOfRule, inputOfForm, previewOfForm, type RuleForm, ruleSchema } from "./form.ts";
import { PreviewPanel } from "./PreviewPanel.tsx";
import { RuleFields } from "./RuleFields.tsx";
import { RuleHistory } from "./RuleHistory.tsx";
import { usePreview } from "./usePreview.ts";

interface RuleEditorProps {
  /** Stored rule to edit; a new one without it. */
  rule?: RulePartsFragment;
  initial: RuleForm;
  language: RuleLanguageParts;
}

/** Editor of a rule beside its live preview. */
export function RuleEditor({ rule, initial, language }: RuleEditorProps) {
  const client = useApolloClient();
  const navigate = useNavigate();
  const { canAdminister, canDecide } = useViewer();
  const { act, busy } = useAction();
  const form = useForm<RuleForm>({ resolver: zodResolver(ruleSchema), defaultValues: initial });
  const draft = useWatch({ control: form.control }) as RuleForm;
  const [version, setVersion] = useState(rule?.version ?? 0);
  const [mistakes, setMistakes] = useState<readonly RuleErrorPartsFragment[]>([]);
  const [theirs, setTheirs] = useState<RulePartsFragment | null>(null);
  // The page of a new rule hands over the run that it has caused.
  const caused = useLocation().state as { run?: RunPartsFragment | null } | null;
  const [run, setRun] = useState<RunPartsFragment | null>(caused?.run ?? null);

  const preview = previewOfForm(draft);
  const shown = usePreview(preview && canDecide ? { rule: preview.rule, replaces: rule?.id ?? null } : null);
  const notes = useMemo(() => {
    const result = shown.result;
    const about = <T extends { field?: string | null }>(items: readonly T[]) =>
      items.filter((item) => fieldOf(item) === "condition");
    return [
      ...about(result?.userErrors ?? []).map((error) => ({ ...error, severity: "error" as const })),
      ...about(result?.preview?.warnings ?? []).map((warning) => ({ ...warning, severity: "warning" as const })),
    ];
  }, [shown.result]);

  const reload = async () => {
    if (!rule) return null;
    const { data } = await client.query({
      query: RuleDetailDocument,
      variables: { id: rule.id },
      fetchPolicy: "network-only",
    });
    return data?.rule ?? null;
  };
  const take = (next: RulePartsFragment) => {
    form.reset(formOfRule(next));
    setVersion(next.version);
    setTheirs(null);
    setMistakes([]);
  };
  const save = async (values: RuleForm, based: number) => {
    const done = { quiet: true, done: t("rules.done.saved", { name: values.ruleName }) };
    const input = inputOfForm(values);
    const payload = rule
      ? await act(UpdateRuleDocument, { input: { ...input, id: rule.id, version: based } }, (d) => d.updateRule, done)
      : await act(CreateRuleDocument, { input }, (d) => d.createRule, done);
    if (!payload) return;
    setMistakes(payload.userErrors);
    if (payload.userErrors.some(({ code }) => code === "STALE")) return setTheirs(await reload());
    if (!payload.rule) return;
    take(payload.rule);
    setRun(payload.run ?? null);
    if (!rule) await navigate(`/rules/${payload.rule.id}`, { replace: true, state: { run: payload.run } });
  };
  const submit = () => void form.handleSubmit((values) => save(values, version))();
  const byField = new Map(mistakes.map((mistake) => [fieldOf(mistake), mistake.message]));
  const elsewhere = mistakes.filter((mistake) => mistake.code !== "STALE" && !(fieldOf(mistake) in draft));
  return (
    <Box
      sx={{
        display: "grid",
        gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "minmax(0, 3fr) minmax(0, 2fr)" },
        gap: 2,
      }}
    >
      <Box sx={{ display: "grid", gap: 2, alignContent: "start" }}>
        {run && <RunProgress key={run.id} run={run} label={t("rules.backfill")} />}
        {!canAdminister && <Alert severity="info">{t("rules.readOnly")}</Alert>}
        <Paper
          component="form"
          noValidate
          aria-label={t("rules.title")}
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
          sx={{ p: 2, display: "grid", gap: 2 }}
        >
          <UserErrors errors={elsewhere} />
          <RuleFields
            form={form}
            mistakes={byField}
            notes={notes}
            language={language}
            readOnly={!canAdminister}
            onSave={submit}
          />
          {canAdminister && (
            <Box>
              <Button type="submit" variant="contained" disabled={busy}>
                {t("rules.save")}
              </Button>
            </Box>
          )}
        </Paper>
        {rule && (
          <RuleHistory
            key={version}
            id={rule.id}
            version={version}
            onRestored={(restored) => {
              setRun(restored ?? null);
              void reload().then((next) => next && take(next));
            }}
          />
        )}
      </Box>
      {canDecide && <PreviewPanel {...shown} isComplete={preview?.isComplete === true} />}
      {theirs && (
        <ConflictDialog
          mine={draft}
          theirs={theirs}
          onClose={() => setTheirs(null)}
          onTakeTheirs={() => take(theirs)}
          onKeepMine={() => {
            setTheirs(null);
            setVersion(theirs.version);
            void form.handleSubmit((values) => save(values, theirs.version))();
          }}
        />
      )}
    </Box>
  );
}
