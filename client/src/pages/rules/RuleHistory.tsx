import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@apollo/client/react";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import { useAction } from "../../components/useAction.ts";
import { RestoreRuleDocument, RuleHistoryDocument, type RunPartsFragment } from "../../gql/graphql.ts";

interface RuleHistoryProps {
  id: string;
  version: number;
  onRestored: (run: RunPartsFragment | null | undefined) => void;
}

/** Versions of a rule, newest first; an older one can be restored as a new version. */
export function RuleHistory({ id, version, onRestored }: RuleHistoryProps) {
  const { canAdminister } = useViewer();
  const { act, busy } = useAction();
  const { data, error, refetch } = useQuery(RuleHistoryDocument, {
    variables: { id, first: 50 },
    fetchPolicy: "network-only",
    // A request that is under way may be of the time before the version that has just been saved.
    context: { queryDeduplication: false },
  });
  const versions = data?.rule?.history ?? [];
  const restore = async (to: number) => {
    const payload = await act(RestoreRuleDocument, { input: { id, version: to } }, (done) => done.restoreRule, {
      done: t("rules.done.restored", { version: String(to) }),
    });
    if (payload?.rule) onRestored(payload.run);
  };
  return (
    <Paper component="section" aria-labelledby="rule-history" sx={{ p: 2 }}>
      <Typography variant="h2" id="rule-history" gutterBottom>
        {t("rules.history.title")}
      </Typography>
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      <Box component="ol" sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1 }}>
        {versions.map((item) => (
          <Box component="li" key={item.version} sx={{ borderTop: 1, borderColor: "divider", pt: 1 }}>
            <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
              <b>{t("rules.history.version", { version: String(item.version) })}</b>
              <Typography variant="body2" color="textSecondary" component="span">
                <RelativeTime value={item.changedAt} /> {t("rules.history.by", { who: item.changedBy })}
              </Typography>
              <TagChip tagKey={item.tagKey} tagValue={item.tagValue} />
              {item.version === version ? (
                <Typography variant="body2">{t("rules.history.current")}</Typography>
              ) : (
                canAdminister && (
                  <Button
                    size="small"
                    disabled={busy}
                    aria-label={t("rules.history.restoreVersion", { version: String(item.version) })}
                    onClick={() => void restore(item.version)}
                  >
                    {t("rules.history.restore")}
                  </Button>
                )
              )}
            </Box>
            <Box component="code" sx={{ overflowWrap: "anywhere" }}>
              {item.condition}
            </Box>
          </Box>
        ))}
      </Box>
    </Paper>
  );
}
