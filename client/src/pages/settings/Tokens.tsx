import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { Suspense, useState } from "react";
import { formatDay, formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { ConnectionTable, type TableColumn } from "../../components/ConnectionTable.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Loading } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useAction } from "../../components/useAction.ts";
import { useConnection } from "../../components/useConnection.ts";
import { type ApiTokenPartsFragment, ApiTokensDocument, RevokeApiTokenDocument } from "../../gql/graphql.ts";

const TokenDialog = later(() => import("./TokenDialog.tsx"));

type Token = ApiTokenPartsFragment;

const isUsable = ({ revokedAt, expiresAt }: Token) => !revokedAt && new Date(expiresAt).getTime() > Date.now();

function columns(onRevoke: (token: Token) => void): readonly TableColumn<Token>[] {
  return [
    { id: "name", header: t("settings.tokens.name"), width: "minmax(160px, 2fr)", cell: (row) => row.name },
    {
      id: "publicId",
      header: t("settings.tokens.publicId"),
      width: "130px",
      cell: (row) => <code>{row.publicId}</code>,
    },
    { id: "role", header: t("settings.tokens.role"), width: "100px", cell: (row) => formatEnum(row.role) },
    {
      id: "accounts",
      header: t("settings.tokens.accounts"),
      width: "minmax(120px, 1fr)",
      cell: (row) => row.accounts?.join(", ") ?? t("common.all"),
    },
    {
      id: "lastUsed",
      header: t("settings.tokens.lastUsed"),
      width: "120px",
      cell: (row) => (row.lastUsedAt ? <RelativeTime value={row.lastUsedAt} /> : t("settings.tokens.never")),
    },
    {
      id: "state",
      header: t("settings.tokens.state"),
      width: "minmax(160px, 1fr)",
      cell: (row) =>
        row.revokedAt
          ? t("settings.tokens.revokedBy", { who: row.revokedBy ?? "–" })
          : t(isUsable(row) ? "settings.tokens.until" : "settings.tokens.expired", { day: formatDay(row.expiresAt) }),
    },
    {
      id: "revoke",
      header: t("settings.tokens.action"),
      width: "110px",
      cell: (row) =>
        isUsable(row) && (
          <Button
            size="small"
            color="error"
            aria-label={t("settings.tokens.revokeNamed", { name: row.name })}
            onClick={() => onRevoke(row)}
          >
            {t("settings.tokens.revoke")}
          </Button>
        ),
    },
  ];
}

/** Tokens of scripts: who made them, what they may do, and their end. */
export function Tokens() {
  const { canAdminister, role } = useViewer();
  if (role === null) return <Loading />;
  if (!canAdminister) return <Alert severity="info">{t("settings.tokens.refused")}</Alert>;
  return <TokenList />;
}

function TokenList() {
  const list = useConnection(ApiTokensDocument, { first: 50 }, ({ apiTokens }) => ({
    rows: apiTokens.nodes,
    endCursor: apiTokens.pageInfo.endCursor,
    hasNextPage: apiTokens.pageInfo.hasNextPage,
  }));
  const { act, busy } = useAction();
  const [isNew, setNew] = useState(false);
  const [revoked, setRevoked] = useState<Token | null>(null);
  const revoke = async (token: Token) => {
    const done = t("settings.tokens.revoked", { name: token.name });
    await act(RevokeApiTokenDocument, { input: { id: token.id } }, (data) => data.revokeApiToken, { done });
    setRevoked(null);
    list.reload();
  };
  return (
    <Panel
      title={t("settings.tokens")}
      help={t("settings.tokens.help")}
      controls={
        <Button variant="outlined" size="small" onClick={() => setNew(true)}>
          {t("settings.tokens.new")}
        </Button>
      }
    >
      <Box sx={{ minWidth: 0 }}>
        <ConnectionTable
          label={t("settings.tokens")}
          list={list}
          columns={columns(setRevoked)}
          rowId={({ id }) => id}
          empty={<EmptyState title={t("settings.tokens.none")} description={t("settings.tokens.noneHelp")} />}
        />
      </Box>
      {isNew && (
        <Suspense fallback={<Loading overlay />}>
          <TokenDialog onCreated={list.reload} onClose={() => setNew(false)} />
        </Suspense>
      )}
      <ConfirmDialog
        open={revoked !== null}
        title={t("settings.tokens.revokeTitle", { name: revoked?.name ?? "" })}
        verb={t("settings.tokens.revoke")}
        danger
        busy={busy}
        onConfirm={() => revoked && void revoke(revoked)}
        onClose={() => setRevoked(null)}
      >
        <Typography>{t("settings.tokens.revokeHelp")}</Typography>
      </ConfirmDialog>
    </Panel>
  );
}
