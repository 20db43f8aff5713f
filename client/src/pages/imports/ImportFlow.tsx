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
import { useViewer } from "../../app/viewer.tsx";
import { Loading } from "../../components/Loading.tsx";
import { RunProgress } from "../../components/RunProgress.tsx";
import type { RunPartsFragment } from "../../gql/graphql.ts";
import { Rejections } from "../automation/Rejections.tsx";
import { FileStep } from "./FileStep.tsx";
import { type FileHead, hasColumns, headBytes, type ImportKind, isBill, isTagEditorExport, readHead } from "./head.ts";
import type { ImportChoices } from "./PlanStep.tsx";
import { type FileKind, importFile, UploadError } from "./upload.ts";

const ColumnsStep = later(() => import("./ColumnsStep.tsx"));
const PlanStep = later(() => import("./PlanStep.tsx"));

type Flow =
  | { step: "file" }
  | { step: "columns"; file: File; head: FileHead; kind: ImportKind }
  | { step: "plan"; file: File; run: RunPartsFragment; kind: ImportKind }
  | { step: "bill"; file: File }
  | { step: "result"; run: RunPartsFragment };

const steps = ["file", "columns", "plan", "result"] as const;
const billSteps = ["file", "bill", "result"] as const;
const openAfter = {
  resources: ["/resources?order=NEWEST", "imports.openResources"],
  tags: ["/approvals", "imports.openQueue"],
  cost: ["/", "imports.openDashboard"],
} as const;

async function headOf(file: File, kind: ImportKind): Promise<FileHead> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  return readHead(bytes, kind, file.size <= headBytes);
}

interface Mistake {
  message: string;
}

/** Import of a file in steps; nothing is written before the plan, or the bill, is confirmed. */
export function ImportFlow({ onImported }: { onImported: () => void }) {
  const [kind, setKind] = useState<FileKind>("resources");
  const [accountId, setAccountId] = useState("");
  // Bills are of all accounts.
  const kinds: readonly FileKind[] =
    useViewer().accounts === null ? ["resources", "tags", "cost"] : ["resources", "tags"];
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
  const send = async (kind: FileKind, file: File, input: Record<string, unknown>): Promise<RunPartsFragment | null> => {
    abort.current = new AbortController();
    setMistakes([]);
    setSent(0);
    try {
      const options = { onProgress: setSent, signal: abort.current.signal };
      const payload = await importFile(kind, input, file, options);
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
  const inputOf = (of: ImportKind, { mode, status }: ImportChoices, dryRun: boolean) =>
    of === "tags" ? { dryRun, mode, status } : { dryRun, mode, accountId: accountId.trim() || null };
  const check = async (of: ImportKind, file: File) => {
    const run = await send(of, file, inputOf(of, { mode: "GOOD_ROWS", status: "PENDING" }, true));
    if (run) setFlow({ step: "plan", file, run, kind: of });
  };
  const choose = async (file: File) => {
    setMistakes([]);
    if (kind === "cost") return setFlow({ step: "bill", file });
    if (!hasColumns(file.name)) return check(kind, file);
    const head = await headOf(file, kind);
    if (isBill(head) && kinds.includes("cost")) {
      setKind("cost");
      setFlow({ step: "bill", file });
    } else if (kind === "resources" && isTagEditorExport(head)) await check(kind, file);
    else setFlow({ step: "columns", file, head, kind });
  };
  const confirm = async (of: FileKind, file: File, input: Record<string, unknown>) => {
    const run = await send(of, file, input);
    if (!run) return;
    setEnded(false);
    setFlow({ step: "result", run });
  };
  const [address, open] = openAfter[kind];
  const shownSteps = kind === "cost" ? billSteps : steps;
  return (
    <Paper
      component="section"
      aria-labelledby="import"
      sx={{ p: 2, display: "grid", gap: 2, gridTemplateColumns: "minmax(0, 1fr)" }}
    >
      <Typography variant="h2" id="import">
        {t("imports.import")}
      </Typography>
      <Stepper activeStep={shownSteps.findIndex((step) => step === flow.step)} alternativeLabel>
        {shownSteps.map((step) => (
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
      {flow.step === "file" && (
        <FileStep
          kind={kind}
          kinds={kinds}
          onKind={setKind}
          accountId={accountId}
          onAccountId={setAccountId}
          onFile={(file) => void choose(file)}
        />
      )}
      {flow.step === "bill" && (
        <>
          <Alert severity="info">{t("imports.bill.help")}</Alert>
          <Box>
            <Button onClick={restart}>{t("imports.back")}</Button>
            <Button variant="contained" disabled={sent !== null} onClick={() => void confirm("cost", flow.file, {})}>
              {t("imports.bill.confirm")}
            </Button>
          </Box>
        </>
      )}
      <Suspense fallback={<Loading />}>
        {flow.step === "columns" && (
          <ColumnsStep {...flow} onBack={restart} onNext={(file) => void check(flow.kind, file)} />
        )}
        {flow.step === "plan" && (
          <PlanStep
            run={flow.run}
            kind={flow.kind}
            busy={sent !== null}
            onBack={restart}
            onConfirm={(choices) => void confirm(flow.kind, flow.file, inputOf(flow.kind, choices, false))}
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
            <Button component={RouterLink} to={address}>
              {t(open)}
            </Button>
          </Box>
        </>
      )}
    </Paper>
  );
}
