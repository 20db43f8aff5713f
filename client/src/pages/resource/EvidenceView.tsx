import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { Confidence } from "../../components/Confidence.tsx";
import type { EvidencePartsFragment } from "../../gql/graphql.ts";

interface Loser {
  value: string;
  source: string;
  confidence: number;
  reason: string;
  lostBecause: string;
}

/** Values that lost against the winner, each with what spoke for it and why it lost. */
export function Losers({ losers }: { losers: readonly Loser[] }) {
  if (losers.length === 0) return null;
  return (
    <Box sx={{ mt: 1 }}>
      <Typography variant="subtitle2" component="p">
        {t("resource.why.losers", { count: losers.length })}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.5, display: "grid", gap: 0.75 }}>
        {losers.map((loser) => (
          <li key={`${loser.source}${loser.value}`}>
            <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
              <b>{loser.value}</b>
              <Confidence value={loser.confidence} compact />
              <Typography variant="body2" color="textSecondary" component="span">
                {formatEnum(loser.source)}
              </Typography>
            </Box>
            <Typography variant="body2" sx={{ overflowWrap: "anywhere" }}>
              {loser.reason}
            </Typography>
            <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: "anywhere" }}>
              {t("resource.why.lost", { reason: loser.lostBecause })}
            </Typography>
          </li>
        ))}
      </Box>
    </Box>
  );
}

/** Evidence of a virtual tag: the reason, its signals, and the values that lost. */
export function EvidenceView({ evidence }: { evidence: EvidencePartsFragment }) {
  const { contradicts } = evidence;
  return (
    <Box sx={{ display: "grid", gap: 1, overflowWrap: "anywhere" }}>
      <Typography>{evidence.reason}</Typography>
      {contradicts && (
        <Alert severity="warning">
          {t("resource.why.contradicts", { tag: `${contradicts.rawKey}=${contradicts.rawValue}` })}
        </Alert>
      )}
      {evidence.signals.length > 0 && (
        <Box component="ul" aria-label={t("resource.why.signals")} sx={{ m: 0, pl: 2.5, display: "grid", gap: 0.5 }}>
          {evidence.signals.map((signal, index) => (
            <li key={index}>
              <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
                <Confidence value={signal.confidence} compact />
                <Typography variant="body2" color="textSecondary" component="span">
                  {formatEnum(signal.kind ?? signal.source)}
                </Typography>
              </Box>
              <Typography variant="body2">{signal.reason}</Typography>
              {signal.voters > 0 && (
                <Typography variant="body2" color="textSecondary">
                  {t("resource.why.voters", { agreeing: signal.agreeing, voters: signal.voters })}
                </Typography>
              )}
            </li>
          ))}
        </Box>
      )}
      <Losers losers={evidence.alternatives} />
    </Box>
  );
}
