import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { t } from "../../app/i18n.ts";
import type { RulePartsFragment } from "../../gql/graphql.ts";
import { formOfRule, type RuleForm } from "./form.ts";

interface ConflictDialogProps {
  mine: RuleForm;
  theirs: RulePartsFragment;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  onClose: () => void;
}

/** Two versions of a rule side by side, when somebody else has saved one meanwhile. */
export function ConflictDialog({ mine, theirs, onKeepMine, onTakeTheirs, onClose }: ConflictDialogProps) {
  const other = formOfRule(theirs);
  const names = (Object.keys(other) as (keyof RuleForm)[]).filter((name) => other[name] !== mine[name]);
  return (
    <Dialog open onClose={onClose} maxWidth="md" fullWidth aria-labelledby="conflict">
      <DialogTitle id="conflict">{t("rules.conflict.title")}</DialogTitle>
      <DialogContent>
        <Typography gutterBottom>
          {t("rules.conflict.text", { who: theirs.updatedBy, version: String(theirs.version) })}
        </Typography>
        <Table size="small">
          <TableHead>
            <TableRow>
              <TableCell>{t("rules.conflict.field")}</TableCell>
              <TableCell>{t("rules.conflict.mine")}</TableCell>
              <TableCell>{t("rules.conflict.theirs")}</TableCell>
            </TableRow>
          </TableHead>
          <TableBody>
            {names.map((name) => (
              <TableRow key={name} sx={{ overflowWrap: "anywhere" }}>
                <TableCell component="th" scope="row">
                  {t(`rules.field.${name}`)}
                </TableCell>
                <TableCell>{String(mine[name])}</TableCell>
                <TableCell>{String(other[name])}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button onClick={onTakeTheirs}>{t("rules.conflict.takeTheirs")}</Button>
        <Button variant="contained" onClick={onKeepMine}>
          {t("rules.conflict.keepMine")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
