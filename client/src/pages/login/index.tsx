import { useEffect, useState } from "react";
import { Navigate, useLocation, useNavigate } from "react-router";
import { t } from "../../app/i18n.ts";
import { finishOidcLogin } from "../../app/oidc.ts";
import { useSession } from "../../app/session.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { Page } from "../../components/Page.tsx";
import LoginForm from "./LoginForm.tsx";

/** Way back from the OpenID provider. */
function Callback() {
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    finishOidcLogin().then((page) => navigate(page, { replace: true }), setError);
  }, [navigate]);
  return <Page title={t("login.finishing")}>{error !== undefined && <ErrorPanel error={error} />}</Page>;
}

export default function Login() {
  const { pathname } = useLocation();
  const { token, expired } = useSession();
  if (pathname === "/login/callback") return <Callback />;
  return token !== null && !expired ? <Navigate to="/" replace /> : <LoginForm />;
}
