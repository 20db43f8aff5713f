import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Paper from "@mui/material/Paper";
import Step from "@mui/material/Step";
import StepLabel from "@mui/material/StepLabel";
import Stepper from "@mui/material/Stepper";
import Typography from "@mui/material/Typography";
import { Suspense, useRef, useState } from "react";
import { Link as RouterLink } from "react-router";
import { formatBytes, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { Loading } from "../../components/Loading.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
import { ImportInventoryDocument, ImportTagsDocument, type RunPartsFragment } from "../../gql/graphql.ts";
import { Rejections } from "../automation/Rejections.tsx";
import { FileStep } from "./FileStep.tsx";
import { type FileHead, hasColumns, headBytes, type ImportKind, readHead } from "./head.ts";
import type { ImportChoices } from "./PlanStep.tsx";
import { upload, UploadError } from "./upload.ts";

const ColumnsStep = later(() => import("./ColumnsStep.tsx"));
const PlanStep = later(() => import("./PlanStep.tsx"));

type Flow =
  | { step: "file" }
  | { step: "columns"; file: File; head: FileHead }
  | { step: "plan"; file: File; run: RunPartsFragment }
  | { step: "result"; run: RunPartsFragment };

const steps = ["file", "columns", "plan", "result"] as const;

async function headOf(file: File, kind: ImportKind): Promise<FileHead> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  return readHead(bytes, kind, file.size <= headBytes);
}

interface Mistake {
  message: string;
}

function payloadOf(
  kind: ImportKind,
  input: Record<string, unknown>,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
) {
  const options = { onProgress, signal };
  return kind === "resources"
    ? upload(ImportInventoryDocument, input, file, options).then((data) => data.importInventory)
    : upload(ImportTagsDocument, input, file, options).then((data) => data.importVirtualTags);
}

/** Import of a file in four steps; nothing is written before the plan is confirmed. */
export function ImportFlow({ onImported }: { onImported: () => void }) {
  const [kind, setKind] = useState<ImportKind>("resources");
  const [flow, setFlow] = useState<Flow>({ step: "file" });
  const [sent, setSent] = useState<number | null>(null);
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([]);
  const [ended, setEnded] = useState(false);
  const abort = useRef<AbortController>(null);

  const restart = () => {
    abort.current?.abort();
    setMistakes([]);
    setEnded(false);
    setFlow({ step: "file" });
  };
  const send = async (file: File, choices: ImportChoices, dryRun: boolean): Promise<RunPartsFragment | null> => {
    abort.current = new AbortController();
    setMistakes([]);
    setSent(0);
    try {
      const { mode, status } = choices;
      const input = { dryRun, mode, ...(kind === "tags" ? { status } : {}) };
      const payload = await payloadOf(kind, input, file, setSent, abort.current.signal);
      setMistakes(payload.userErrors);
      return payload.run ?? null;
    } catch (error) {
      if (error instanceof DOMException) return null;
      const request =
        error instanceof UploadError && error.requestId
          ? ` (${t("common.error.request", { id: error.requestId })})`
          : "";
      setMistakes([{ message: (error instanceof Error ? error.message : String(error)) + request }]);
      return null;
    } finally {
      setSent(null);
    }
  };
  const check = async (file: File) => {
    const run = await send(file, { mode: "GOOD_ROWS", status: "PENDING" }, true);
    if (run) setFlow({ step: "plan", file, run });
  };
  const choose = async (file: File) => {
    setMistakes([]);
    if (hasColumns(file.name)) setFlow({ step: "columns", file, head: await headOf(file, kind) });
    else await check(file);
  };
  const confirm = async (file: File, choices: ImportChoices) => {
    const run = await send(file, choices, false);
    if (!run) return;
    setEnded(false);
    setFlow({ step: "result", run });
  };
  return (
    <Paper
      component="section"
      aria-labelledby="import"
      sx={{ p: 2, display: "grid", gap: 2, gridTemplateColumns: "minmax(0, 1fr)" }}
    >
      <Typography variant="h2" id="import">
        {t("imports.import")}
      </Typography>
      <Stepper activeStep={steps.indexOf(flow.step)} alternativeLabel>
        {steps.map((step) => (
          <Step key={step}>
            <StepLabel>{t(`imports.step.${step}`)}</StepLabel>
          </Step>
        ))}
      </Stepper>
      {"file" in flow && (
        <Typography>{t("imports.file", { name: flow.file.name, size: formatBytes(flow.file.size) })}</Typography>
      )}
      {mistakes.map(({ message }) => (
        <Alert key={message} severity="error">
          {message}
        </Alert>
      ))}
      {sent !== null && (
        <Box role="status">
          <Typography variant="body2">{t("imports.uploading", { percent: formatPercent(sent) })}</Typography>
          <LinearProgress variant="determinate" value={sent * 100} aria-label={t("imports.step.file")} />
          <Button onClick={() => abort.current?.abort()}>{t("common.cancel")}</Button>
        </Box>
      )}
      {flow.step === "file" && <FileStep kind={kind} onKind={setKind} onFile={(file) => void choose(file)} />}
      <Suspense fallback={<Loading />}>
        {flow.step === "columns" && (
          <ColumnsStep {...flow} kind={kind} onBack={restart} onNext={(file) => void check(file)} />
        )}
        {flow.step === "plan" && (
          <PlanStep
            run={flow.run}
            kind={kind}
            busy={sent !== null}
            onBack={restart}
            onConfirm={(choices) => void confirm(flow.file, choices)}
          />
        )}
      </Suspense>
      {flow.step === "result" && (
        <>
          <RunProgress
            run={flow.run}
            label={t("imports.importing")}
            onEnd={() => {
              setEnded(true);
              onImported();
            }}
          />
          {ended && <Rejections runId={flow.run.id} />}
          <Box>
            <Button onClick={restart}>{t("imports.another")}</Button>
            <Button component={RouterLink} to={kind === "tags" ? "/approvals" : "/resources?order=NEWEST"}>
              {t(kind === "tags" ? "imports.openQueue" : "imports.openResources")}
            </Button>
          </Box>
        </>
      )}
    </Paper>
  );
}
