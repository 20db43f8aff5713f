import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { SelectInput } from "../../components/TextInput.tsx";
import {
  columnRole,
  doubledColumns,
  type FileHead,
  type ImportKind,
  knownColumns,
  missingColumns,
  renamedHeader,
  withHeader,
} from "./head.ts";

interface ColumnsStepProps {
  file: File;
  head: FileHead;
  kind: ImportKind;
  onBack: () => void;
  onNext: (file: File) => void;
}

/** Columns of a file, and what each is read as; another choice renames the header that is sent. */
export default function ColumnsStep({ file, head, kind, onBack, onNext }: ColumnsStepProps) {
  const [roles, setRoles] = useState(() => head.columns.map(({ role }) => role));
  const missing = missingColumns(kind, roles);
  const doubled = doubledColumns(roles);
  const isRenamed = head.columns.some(({ role }, index) => role !== roles[index]);
  const next = () => onNext(isRenamed ? withHeader(file, head, renamedHeader(head, roles, kind)) : file);
  const choices = (name: string) => {
    const own = kind === "resources" ? [`tag:${name.replace(/^tag:/i, "")}`] : [];
    return [...knownColumns[kind].all, ...own, ...[columnRole(kind, name) ?? []].flat()].filter(
      (role, index, all) => all.indexOf(role) === index,
    );
  };
  return (
    <Box sx={{ display: "grid", gap: 1.5, gridTemplateColumns: "minmax(0, 1fr)" }}>
      <Typography color="textSecondary">{t("imports.columns.help")}</Typography>
      {missing.length > 0 && (
        <Alert severity="error">{t("imports.columns.missing", { columns: missing.join(", ") })}</Alert>
      )}
      {doubled.length > 0 && (
        <Alert severity="error">{t("imports.columns.doubled", { columns: doubled.join(", ") })}</Alert>
      )}
      <TableContainer component={Paper} tabIndex={0}>
        <Table size="small" aria-label={t("imports.columns.table")}>
          <TableHead>
            <TableRow>
              {(["name", "role", "filled", "samples"] as const).map((column) => (
                <TableCell key={column}>{t(`imports.columns.${column}`)}</TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {head.columns.map(({ name, filled, samples }, index) => (
              <TableRow key={index}>
                <TableCell component="th" scope="row">
                  {name}
                </TableCell>
                <TableCell>
                  <SelectInput
                    label={t("imports.columns.roleOf", { name })}
                    hiddenLabel
                    value={roles[index] ?? ""}
                    options={[
                      { value: "", label: t("imports.columns.ignored") },
                      ...choices(name).map((role) => ({ value: role, label: role })),
                    ]}
                    onChange={(role) => setRoles(roles.with(index, role || null))}
                    sx={{ minWidth: 180 }}
                  />
                </TableCell>
                <TableCell>{formatPercent(filled)}</TableCell>
                <TableCell sx={{ overflowWrap: "anywhere", minWidth: 160 }}>{samples.join(", ")}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </TableContainer>
      <Box>
        <Button onClick={onBack}>{t("imports.back")}</Button>
        <Button variant="contained" disabled={missing.length > 0 || doubled.length > 0} onClick={next}>
          {t("imports.check")}
        </Button>
      </Box>
    </Box>
  );
}
