import Download from "@mui/icons-material/Download";
import Button from "@mui/material/Button";
import { CreateDownloadDocument, type CreateDownloadInput } from "../gql/graphql.ts";
import { useAction } from "./useAction.ts";

interface ExportButtonProps {
  input: CreateDownloadInput;
  label: string;
  title?: string;
  variant?: "text" | "contained";
}

/** Button of a CSV file. The browser itself saves it from a link that is good once, however long it is. */
export function ExportButton({ input, label, title, variant = "text" }: ExportButtonProps) {
  const { act, busy } = useAction();
  const start = async () => {
    const payload = await act(CreateDownloadDocument, { input }, (data) => data.createDownload);
    if (!payload?.url) return;
    const link = document.createElement("a");
    link.href = payload.url;
    link.download = "";
    link.click();
  };
  return (
    <Button startIcon={<Download />} variant={variant} disabled={busy} title={title} onClick={() => void start()}>
      {label}
    </Button>
  );
}
