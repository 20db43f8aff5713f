import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
import { SelectInput } from "../../components/TextInput.tsx";
import {
  type ImportedTagStatus,
  type ImportMode,
  ImportPlanDocument,
  type RunPartsFragment,
} from "../../gql/graphql.ts";
import { Rejections } from "../automation/Rejections.tsx";
import type { ImportKind } from "./head.ts";
import { PlanView } from "./PlanView.tsx";

export interface ImportChoices {
  mode: ImportMode;
  status: ImportedTagStatus;
}

interface PlanStepProps {
  run: RunPartsFragment;
  kind: ImportKind;
  busy: boolean;
  onBack: () => void;
  onConfirm: (choices: ImportChoices) => void;
}

/** Plan of an import; nothing is written before it is confirmed. */
export default function PlanStep({ run, kind, busy, onBack, onConfirm }: PlanStepProps) {
  const [ended, setEnded] = useState(false);
  const [choices, setChoices] = useState<ImportChoices>({ mode: "GOOD_ROWS", status: "PENDING" });
  const { data, error, refetch } = useQuery(ImportPlanDocument, {
    variables: { id: run.id },
    skip: !ended,
    fetchPolicy: "no-cache",
  });
  const plan = data?.jobRun?.importPlan;
  const count = plan ? plan.inserted + plan.updated : 0;
  const refused = plan !== undefined && plan !== null && plan.rejected > 0 && choices.mode === "ALL_OR_NOTHING";
  return (
    <Box sx={{ display: "grid", gap: 2, gridTemplateColumns: "minmax(0, 1fr)" }}>
      <RunProgress run={run} label={t("imports.checking")} onEnd={() => setEnded(true)} />
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {plan && <PlanView plan={plan} />}
      {ended && (plan ? plan.rejected > 0 : data?.jobRun?.status === "FAILED") && <Rejections runId={run.id} />}
      {plan && (
        <>
          <Alert severity="info">
            {t("imports.plan.nothing")} {plan.rejected > 0 && t("imports.plan.correct")}
          </Alert>
          <Box sx={{ display: "flex", flexWrap: "wrap", gap: 2 }}>
            <SelectInput
              label={t("imports.mode")}
              value={choices.mode}
              options={(["GOOD_ROWS", "ALL_OR_NOTHING"] as const).map((mode) => ({
                value: mode,
                label: t(`imports.mode.${mode}`),
              }))}
              onChange={(mode) => setChoices({ ...choices, mode: mode as ImportMode })}
              sx={{ minWidth: 220 }}
            />
            {kind === "tags" && (
              <SelectInput
                label={t("imports.status")}
                value={choices.status}
                options={(["PENDING", "APPROVED"] as const).map((status) => ({
                  value: status,
                  label: t(`imports.status.${status}`),
                }))}
                onChange={(status) => setChoices({ ...choices, status: status as ImportedTagStatus })}
                sx={{ minWidth: 240 }}
              />
            )}
          </Box>
        </>
      )}
      <Box>
        <Button onClick={onBack}>{t(plan && plan.rejected > 0 ? "imports.chooseCorrected" : "imports.back")}</Button>
        {plan && (
          <Button variant="contained" disabled={busy || refused || count === 0} onClick={() => onConfirm(choices)}>
            {t("imports.confirm", { count })}
          </Button>
        )}
      </Box>
    </Box>
  );
}
