import Download from "@mui/icons-material/Download";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { describeError } from "../../app/errors.ts";
import { formatBytes } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { SelectInput, TextInput } from "../../components/TextInput.tsx";
import { download, exportPath } from "./download.ts";
import type { ImportKind } from "./head.ts";

/** Export of resources or of virtual tags. */
export function ExportPanel() {
  const [what, setWhat] = useState<ImportKind>("resources");
  const [filter, setFilter] = useState({ cloud: "", accountId: "", resourceType: "" });
  const [size, setSize] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const start = async () => {
    setSize(0);
    setProblem(null);
    try {
      await download(exportPath(what, filter), what === "tags" ? "virtual-tags.csv" : "resources.csv", {
        onProgress: setSize,
      });
    } catch (error) {
      setProblem(describeError(error).message);
    } finally {
      setSize(null);
    }
  };
  const labels = { accountId: t("resources.filter.account"), resourceType: t("resources.filter.type") };
  return (
    <Paper component="section" aria-labelledby="export" sx={{ p: 2, display: "grid", gap: 1.5 }}>
      <Typography variant="h2" id="export">
        {t("imports.export")}
      </Typography>
      <Typography color="text.secondary">{t("imports.exportHelp")}</Typography>
      {problem && <Alert severity="error">{problem}</Alert>}
      <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
        <SelectInput
          label={t("imports.exportWhat")}
          value={what}
          options={(["resources", "tags"] as const).map((value) => ({ value, label: t(`imports.kind.${value}`) }))}
          onChange={(value) => setWhat(value as ImportKind)}
          sx={{ width: 160 }}
        />
        <SelectInput
          label={t("resources.filter.cloud")}
          value={filter.cloud}
          options={["", "AWS", "AZURE", "GCP"].map((value) => ({ value, label: value || t("common.all") }))}
          onChange={(cloud) => setFilter({ ...filter, cloud })}
          sx={{ width: 120 }}
        />
        {(["accountId", "resourceType"] as const).map((name) => (
          <TextInput
            key={name}
            label={labels[name]}
            value={filter[name]}
            onChange={(event) => setFilter({ ...filter, [name]: event.target.value })}
            sx={{ width: 170 }}
          />
        ))}
        <Button variant="contained" startIcon={<Download />} disabled={size !== null} onClick={() => void start()}>
          {size === null ? t("imports.exportStart") : t("imports.exporting", { size: formatBytes(size) })}
        </Button>
      </Box>
    </Paper>
  );
}
