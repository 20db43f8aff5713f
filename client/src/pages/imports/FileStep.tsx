import UploadFile from "@mui/icons-material/UploadFile";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import ToggleButton from "@mui/material/ToggleButton";
import ToggleButtonGroup from "@mui/material/ToggleButtonGroup";
import Typography from "@mui/material/Typography";
import { type DragEvent, useRef, useState } from "react";
import { clientConfig } from "../../app/config.ts";
import { describeError } from "../../app/errors.ts";
import { formatBytes } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useNotify } from "../../components/UndoSnackbar.tsx";
import { download } from "./download.ts";
import { TextInput } from "../../components/TextInput.tsx";
import type { FileKind } from "./upload.ts";

interface FileStepProps {
  kind: FileKind;
  kinds: readonly FileKind[];
  onKind: (kind: FileKind) => void;
  /** Account of entries that name none. */
  accountId: string;
  onAccountId: (accountId: string) => void;
  onFile: (file: File) => void;
}

const accepted: Record<FileKind, string> = {
  resources: ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.tfstate,.gz",
  tags: ".csv,.tsv,.txt,.gz",
  cost: ".csv,.gz",
};
const formats = { resources: "imports.formats", tags: "imports.formatsTags", cost: "imports.formatsCost" } as const;

/** Choice of a file, by a dialog or by dropping it. */
export function FileStep({ kind, kinds, onKind, accountId, onAccountId, onFile }: FileStepProps) {
  const notify = useNotify();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const limit = clientConfig().uploadMaxBytes;
  const take = (file: File | undefined) => {
    if (!file) return;
    if (file.size === 0) return setProblem(t("imports.empty"));
    if (file.size > limit) {
      return setProblem(t("imports.tooLarge", { size: formatBytes(file.size), limit: formatBytes(limit) }));
    }
    setProblem(null);
    onFile(file);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  const template = () =>
    void download("/csv/template", "virtual-tagging-template.csv").catch((error: unknown) =>
      notify({ severity: "error", message: describeError(error).message }),
    );
  return (
    <Box sx={{ display: "grid", gap: 2, justifyItems: "start" }}>
      <ToggleButtonGroup
        exclusive
        size="small"
        value={kind}
        aria-label={t("imports.kind.label")}
        onChange={(_event, next: FileKind | null) => next && onKind(next)}
      >
        {kinds.map((name) => (
          <ToggleButton key={name} value={name}>
            {t(`imports.kind.${name}`)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {problem && <Alert severity="error">{problem}</Alert>}
      <Box
        onDrop={onDrop}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        sx={{
          width: 1,
          p: 4,
          display: "grid",
          gap: 1,
          justifyItems: "center",
          textAlign: "center",
          border: "2px dashed",
          borderColor: over ? "primary.main" : "divider",
          borderRadius: 2,
          bgcolor: over ? "action.hover" : undefined,
        }}
      >
        <UploadFile fontSize="large" color="action" />
        <Typography>{t("imports.drop")}</Typography>
        <Button variant="contained" onClick={() => input.current?.click()}>
          {t("imports.choose")}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t("imports.choose")}
          accept={accepted[kind]}
          onChange={(event) => {
            take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        <Typography variant="body2" color="textSecondary">
          {t(formats[kind], { size: formatBytes(limit) })}
        </Typography>
      </Box>
      {kind === "resources" && (
        <Box sx={{ display: "flex", flexWrap: "wrap", gap: 2, alignItems: "start" }}>
          <TextInput
            label={t("imports.accountId")}
            helperText={t("imports.accountIdHelp")}
            value={accountId}
            onChange={(event) => onAccountId(event.target.value)}
            sx={{ width: "min(100%, 320px)" }}
          />
          <Button onClick={template}>{t("imports.template")}</Button>
        </Box>
      )}
    </Box>
  );
}
