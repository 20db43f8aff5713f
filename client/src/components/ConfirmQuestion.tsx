import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import { type ReactNode, type SubmitEvent, useId, useState } from "react";
import { t } from "../app/i18n.ts";
import { TextInput } from "./TextInput.tsx";

export interface ConfirmQuestionProps {
  open: boolean;
  title: string;
  children?: ReactNode;
  /** Verb, object and number: "Approve 1,918 tags". */
  verb: string;
  danger?: boolean;
  busy?: boolean;
  /** Text to type first, for what concerns very many objects. */
  typeToConfirm?: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Dialog of `ConfirmDialog`. */
export default function ConfirmQuestion(props: ConfirmQuestionProps) {
  const { open, title, children, verb, danger, busy, typeToConfirm, onConfirm, onClose } = props;
  const [typed, setTyped] = useState("");
  const id = useId();
  const ready =
    typeToConfirm === undefined || typed.replaceAll(/[\s,.]/g, "") === typeToConfirm.replaceAll(/[\s,.]/g, "");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (ready && !busy) onConfirm();
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      aria-labelledby={id}
      slotProps={{ transition: { onExited: () => setTyped("") } }}
    >
      <Box component="form" onSubmit={submit}>
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent>
          {children}
          {typeToConfirm !== undefined && (
            <TextInput
              fullWidth
              autoFocus
              sx={{ mt: 2 }}
              label={t("common.confirm.type", { text: typeToConfirm })}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
            />
          )}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            type="submit"
            variant="contained"
            color={danger ? "error" : "primary"}
            disabled={!ready || busy}
            autoFocus={typeToConfirm === undefined}
          >
            {verb}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  );
}
