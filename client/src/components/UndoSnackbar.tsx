import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Snackbar from "@mui/material/Snackbar";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { t } from "../app/i18n.ts";

/** Outcome to tell, and the way to take it back. */
export interface Notice {
  message: string;
  severity?: "success" | "info" | "warning" | "error";
  undo?: () => void;
}

const NoticeContext = createContext<(notice: Notice) => void>(() => undefined);

/** Tells outcomes at the bottom of the page, with Undo where there is one; announced politely. */
export function UndoProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<(Notice & { id: number }) | null>(null);
  const [open, setOpen] = useState(false);
  const notify = useCallback((next: Notice) => {
    setNotice((before) => ({ ...next, id: (before?.id ?? 0) + 1 }));
    setOpen(true);
  }, []);
  const undo = notice?.undo;
  return (
    <NoticeContext value={notify}>
      {children}
      <Snackbar
        key={notice?.id}
        open={open}
        autoHideDuration={8_000}
        onClose={(_event, reason) => {
          if (reason !== "clickaway") setOpen(false);
        }}
      >
        <Alert
          severity={notice?.severity ?? "success"}
          variant="outlined"
          role="status"
          sx={{ bgcolor: "background.paper", alignItems: "center" }}
          onClose={() => setOpen(false)}
          closeText={t("common.close")}
          action={
            undo && (
              <Button
                size="small"
                onClick={() => {
                  setOpen(false);
                  undo();
                }}
              >
                {t("common.undo")}
              </Button>
            )
          }
        >
          {notice?.message}
        </Alert>
      </Snackbar>
    </NoticeContext>
  );
}

/** Function that tells an outcome. */
export function useNotify(): (notice: Notice) => void {
  return useContext(NoticeContext);
}
