import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
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
          <Alert severity="info">{t("imports.plan.nothing")}</Alert>
          <Box sx={{ display: "flex", flexWrap: "wrap", gap: 2 }}>
            <TextField
              select
              label={t("imports.mode")}
              value={choices.mode}
              onChange={(event) => setChoices({ ...choices, mode: event.target.value as ImportMode })}
              sx={{ minWidth: 220 }}
            >
              {(["GOOD_ROWS", "ALL_OR_NOTHING"] as const).map((mode) => (
                <MenuItem key={mode} value={mode}>
                  {t(`imports.mode.${mode}`)}
                </MenuItem>
              ))}
            </TextField>
            {kind === "tags" && (
              <TextField
                select
                label={t("imports.status")}
                value={choices.status}
                onChange={(event) => setChoices({ ...choices, status: event.target.value as ImportedTagStatus })}
                sx={{ minWidth: 220 }}
              >
                {(["PENDING", "APPROVED"] as const).map((status) => (
                  <MenuItem key={status} value={status}>
                    {t(`imports.status.${status}`)}
                  </MenuItem>
                ))}
              </TextField>
            )}
          </Box>
        </>
      )}
      <Box>
        <Button onClick={onBack}>{t("imports.back")}</Button>
        {plan && (
          <Button variant="contained" disabled={busy || refused || count === 0} onClick={() => onConfirm(choices)}>
            {t("imports.confirm", { count })}
          </Button>
        )}
      </Box>
    </Box>
  );
}
