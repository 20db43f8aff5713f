import Autocomplete from "@mui/material/Autocomplete";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import TextField from "@mui/material/TextField";
import { useQuery } from "@apollo/client/react";
import { useId, useState } from "react";
import { t } from "../../../app/i18n.ts";
import { ApprovalVocabularyDocument, type ApprovalRowFragment } from "../../../gql/graphql.ts";

interface CorrectDialogProps {
  row: ApprovalRowFragment;
  onCorrect: (value: string) => void;
  onClose: () => void;
}

/** Right value of a tag: the proposed one is denied, the right one approved. Values that lost come first. */
export default function CorrectDialog({ row, onCorrect, onClose }: CorrectDialogProps) {
  const { data } = useQuery(ApprovalVocabularyDocument, { fetchPolicy: "cache-first" });
  const [value, setValue] = useState("");
  const id = useId();
  const listed = data?.vocabulary.find((key) => key.name === row.tagKey)?.values.map(({ name }) => name) ?? [];
  const lost = row.evidence.alternatives.map((alternative) => alternative.value);
  const options = [...new Set([...lost, ...listed])].filter((option) => option !== row.tagValue);
  return (
    <Dialog open onClose={onClose} aria-labelledby={id} fullWidth maxWidth="xs">
      <Box
        component="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (value.trim() !== "") onCorrect(value.trim());
        }}
      >
        <DialogTitle id={id} sx={{ overflowWrap: "anywhere" }}>
          {t("approvals.correct.title", { key: row.tagKey, name: row.resource?.name ?? "" })}
        </DialogTitle>
        <DialogContent>
          <Autocomplete
            freeSolo
            options={options}
            inputValue={value}
            onInputChange={(_event, next) => setValue(next)}
            renderInput={(params) => (
              <TextField {...params} autoFocus label={t("approvals.correct.value")} sx={{ mt: 1 }} />
            )}
          />
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={value.trim() === ""}>
            {t("approvals.correct.save")}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  );
}
