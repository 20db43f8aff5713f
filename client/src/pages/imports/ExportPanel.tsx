import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { t } from "../../app/i18n.ts";
import { ExportButton } from "../../components/ExportButton.tsx";
import { SelectInput, TextInput } from "../../components/TextInput.tsx";
import type { ImportKind } from "./head.ts";

/** Export of resources or of virtual tags. */
export function ExportPanel() {
  const [what, setWhat] = useState<ImportKind>("resources");
  const [filter, setFilter] = useState({ cloud: "", accountId: "", resourceType: "" });
  const set = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
  const labels = { accountId: t("resources.filter.account"), resourceType: t("resources.filter.type") };
  return (
    <Paper component="section" aria-labelledby="export" sx={{ p: 2, display: "grid", gap: 1.5 }}>
      <Typography variant="h2" id="export">
        {t("imports.export")}
      </Typography>
      <Typography color="textSecondary">{t("imports.exportHelp")}</Typography>
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
        <ExportButton
          variant="contained"
          input={
            what === "tags"
              ? { kind: "VIRTUAL_TAGS", virtualTagFilter: set }
              : { kind: "RESOURCES", resourceFilter: set }
          }
          label={t("imports.exportStart")}
        />
      </Box>
    </Paper>
  );
}
