import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import Dialog from "@mui/material/Dialog";
import FormControlLabel from "@mui/material/FormControlLabel";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { type SubmitEvent, useState } from "react";
import { useLocation } from "react-router";
import { clientConfig } from "../../app/config.ts";
import { t } from "../../app/i18n.ts";
import { startOidcLogin } from "../../app/oidc.ts";
import { signIn } from "../../app/session.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { TextInput } from "../../components/TextInput.tsx";

function TokenForm() {
  const [token, setToken] = useState("");
  const [keep, setKeep] = useState(false);
  const [missing, setMissing] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const trimmed = token.trim().replace(/^Bearer\s+/i, "");
    setMissing(trimmed === "");
    if (trimmed !== "") signIn(trimmed, keep);
  };
  return (
    <Box component="form" onSubmit={submit} noValidate sx={{ display: "grid", gap: 1 }}>
      <TextInput
        label={t("login.token")}
        type="password"
        autoFocus
        value={token}
        error={missing}
        helperText={missing ? t("login.tokenMissing") : t("login.tokenHelp")}
        onChange={(event) => setToken(event.target.value)}
        autoComplete="off"
      />
      <FormControlLabel
        control={<Checkbox checked={keep} onChange={(event) => setKeep(event.target.checked)} />}
        label={t("login.keep")}
      />
      <Button type="submit" variant="contained">
        {t("login.submit")}
      </Button>
    </Box>
  );
}

function OidcButton() {
  const { pathname, search } = useLocation();
  const [error, setError] = useState<unknown>();
  return (
    <>
      {error !== undefined && <ErrorPanel error={error} />}
      <Button variant="contained" onClick={() => void startOidcLogin(pathname + search).catch(setError)}>
        {t("login.oidc")}
      </Button>
    </>
  );
}

/** Login in place of a page, or over a page whose session has ended. */
export default function LoginForm({ overlay = false }: { overlay?: boolean }) {
  const form = (
    <Box sx={{ p: 3, display: "grid", gap: 2, width: "100%" }}>
      <Box>
        <Typography variant="body2" color="textSecondary">
          {t("common.product")}
        </Typography>
        <Typography variant="h1" id="login-title">
          {t("login.title")}
        </Typography>
      </Box>
      {overlay && <Alert severity="info">{t("login.expired")}</Alert>}
      {clientConfig().authentication === "OIDC" && <OidcButton />}
      <TokenForm />
    </Box>
  );
  if (overlay) {
    return (
      <Dialog open maxWidth="xs" fullWidth aria-labelledby="login-title">
        {form}
      </Dialog>
    );
  }
  return (
    <Box sx={{ minHeight: "100dvh", display: "grid", placeItems: "center", p: 1.5 }}>
      <Paper sx={{ maxWidth: 420, width: "100%" }}>{form}</Paper>
    </Box>
  );
}
