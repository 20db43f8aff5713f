import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Link from "@mui/material/Link";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { Link as RouterLink } from "react-router";
import { formatNumber } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import type { PreviewOutcome } from "../../gql/graphql.ts";
import type { PreviewResult } from "./usePreview.ts";

type Preview = NonNullable<PreviewResult["preview"]>;

const colours: Record<PreviewOutcome, string> = {
  NEW_TAG: "state.pending",
  CHANGE: "state.suggested",
  ALREADY_HOLDS: "state.approved",
  ALREADY_PROPOSED: "state.native",
  CONFLICT: "state.invalid",
  NATIVE_CONFLICT: "warning.main",
  NOT_PROPOSED: "state.missing",
  SHADOWED: "text.secondary",
};

function Outcomes({ outcomes }: { outcomes: Preview["outcomes"] }) {
  const total = outcomes.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  return (
    <Box>
      <Box aria-hidden sx={{ display: "flex", height: 14, borderRadius: 1, overflow: "hidden", mb: 0.5 }}>
        {outcomes.map(({ outcome, count }) => (
          <Box key={outcome} sx={{ width: `${(count / total) * 100}%`, bgcolor: colours[outcome] }} />
        ))}
      </Box>
      <Box
        component="ul"
        aria-label={t("rules.preview.outcomes")}
        sx={{ listStyle: "none", m: 0, p: 0, display: "flex", flexWrap: "wrap", columnGap: 2 }}
      >
        {outcomes.map(({ outcome, count }) => (
          <Box component="li" key={outcome} sx={{ display: "flex", alignItems: "center", gap: 0.5 }}>
            <Box aria-hidden sx={{ width: 10, height: 10, borderRadius: 0.5, bgcolor: colours[outcome] }} />
            <span>
              <b>{formatNumber(count)}</b> {t(`rules.outcome.${outcome}`)}
            </span>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

function Overlaps({ title, overlaps }: { title: string; overlaps: Preview["shadows"] }) {
  if (overlaps.length === 0) return null;
  return (
    <Box>
      <Typography variant="subtitle2" component="h3">
        {title}
      </Typography>
      {overlaps.map(({ ruleId, ruleName, count }) => (
        <div key={ruleId}>
          <Link component={RouterLink} to={`/rules/${ruleId}`}>
            {ruleName}
          </Link>{" "}
          ({t("rules.preview.overlap", { count })})
        </div>
      ))}
    </Box>
  );
}

function Examples({ examples }: { examples: Preview["examples"] }) {
  if (examples.length === 0) return null;
  return (
    <Box>
      <Typography variant="subtitle2" component="h3">
        {t("rules.preview.examples")}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
        {examples.map(({ resource, outcome, tagValue }) => (
          <Box component="li" key={`${resource.id}${outcome}`} sx={{ overflowWrap: "anywhere" }}>
            <Link component={RouterLink} to={`/resources/${resource.id}`} target="_blank">
              {resource.name}
            </Link>
            {": "}
            <b>{tagValue}</b>{" "}
            <Typography variant="body2" component="span" color="textSecondary">
              {t(`rules.outcome.${outcome}`)}
            </Typography>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

function PreviewFigures({ preview }: { preview: Preview }) {
  const figures = { matches: formatNumber(preview.matches), examined: formatNumber(preview.examined) };
  return (
    <>
      <Typography sx={{ fontWeight: 650 }}>
        {t(preview.complete ? "rules.preview.matches" : "rules.preview.matchesNewest", figures)}
      </Typography>
      {preview.outcomesExamined < preview.matches && (
        <Typography variant="body2" color="textSecondary">
          {t("rules.preview.sample", { count: preview.outcomesExamined })}
        </Typography>
      )}
      <Outcomes outcomes={preview.outcomes} />
      {preview.tooExpensive > 0 && (
        <Alert severity="warning">{t("rules.preview.expensive", { count: preview.tooExpensive })}</Alert>
      )}
      {preview.warnings.map(({ code, message }) => (
        <Alert key={code + message} severity="warning">
          {message}
        </Alert>
      ))}
      <Overlaps title={t("rules.preview.shadowedBy")} overlaps={preview.shadowedBy} />
      <Overlaps title={t("rules.preview.shadows")} overlaps={preview.shadows} />
      <Examples examples={preview.examples} />
    </>
  );
}

interface PreviewPanelProps {
  result: PreviewResult | null;
  error: unknown;
  updating: boolean;
  isComplete: boolean;
}

/** Effect of the rule on the resources, while it is typed. */
export function PreviewPanel({ result, error, updating, isComplete }: PreviewPanelProps) {
  const preview = result?.preview;
  return (
    <Paper
      component="section"
      aria-labelledby="preview"
      sx={{ p: 2, display: "grid", gap: 1.5, alignContent: "start" }}
    >
      <Typography variant="h2" id="preview">
        {t("rules.preview.title")}
      </Typography>
      <Box sx={{ height: 4 }}>{updating && <LinearProgress aria-label={t("rules.preview.updating")} />}</Box>
      <Box aria-live="polite" aria-busy={updating} sx={{ display: "grid", gap: 1.5 }}>
        {error !== undefined && <ErrorPanel error={error} />}
        {result && !preview && <Typography>{t("rules.preview.refused")}</Typography>}
        {(!isComplete || (!result && error === undefined)) && (
          <Typography color="textSecondary">{t("rules.preview.hint")}</Typography>
        )}
        {preview && isComplete && <PreviewFigures preview={preview} />}
      </Box>
    </Paper>
  );
}
