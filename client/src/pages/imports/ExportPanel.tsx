import Download from "@mui/icons-material/Download";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Paper from "@mui/material/Paper";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { describeError } from "../../app/errors.ts";
import { formatBytes } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
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
        <TextField
          select
          label={t("imports.exportWhat")}
          value={what}
          onChange={(event) => setWhat(event.target.value as ImportKind)}
          sx={{ width: 160 }}
        >
          {(["resources", "tags"] as const).map((kind) => (
            <MenuItem key={kind} value={kind}>
              {t(`imports.kind.${kind}`)}
            </MenuItem>
          ))}
        </TextField>
        <TextField
          select
          label={t("resources.filter.cloud")}
          value={filter.cloud}
          onChange={(event) => setFilter({ ...filter, cloud: event.target.value })}
          sx={{ width: 120 }}
        >
          {["", "AWS", "AZURE", "GCP"].map((cloud) => (
            <MenuItem key={cloud} value={cloud}>
              {cloud || t("common.all")}
            </MenuItem>
          ))}
        </TextField>
        {(["accountId", "resourceType"] as const).map((name) => (
          <TextField
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
