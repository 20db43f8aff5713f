import Alert from "@mui/material/Alert";
import Autocomplete from "@mui/material/Autocomplete";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useLazyQuery, useQuery } from "@apollo/client/react";
import { type SubmitEvent, useState } from "react";
import { formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { ErrorPanel } from "../../components/ErrorPanel.tsx";
import { InferTagsDocument, type ResourceDetailQuery, WhyNotDocument } from "../../gql/graphql.ts";
import { asNativeTags, readTagLines, writeTagLines } from "./nativeTags.ts";
import { Predictions } from "./Predictions.tsx";

type Resource = NonNullable<ResourceDetailQuery["resource"]>;

interface WhyTabProps {
  resource: Resource;
  vocabulary: ResourceDetailQuery["vocabulary"];
}

const row = { display: "flex", flexWrap: "wrap", gap: 1, alignItems: "flex-start" } as const;

/** Question why a value does not hold. */
function WhyNot({ resource, vocabulary }: WhyTabProps) {
  const [tagKey, setTagKey] = useState("");
  const [tagValue, setTagValue] = useState("");
  const [ask, { data, loading, error }] = useLazyQuery(WhyNotDocument, { fetchPolicy: "network-only" });
  const values = vocabulary.find(({ name }) => name === tagKey)?.values.map(({ name }) => name) ?? [];
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (tagKey !== "" && tagValue !== "") void ask({ variables: { resourceId: resource.id, tagKey, tagValue } });
  };
  const result = data?.whyNot;
  return (
    <section aria-labelledby="why-not">
      <Typography variant="h2" id="why-not" gutterBottom>
        {t("resource.whyNot.title")}
      </Typography>
      <Box component="form" onSubmit={submit} sx={row}>
        <Autocomplete
          freeSolo
          options={vocabulary.map(({ name }) => name)}
          inputValue={tagKey}
          onInputChange={(_event, text) => setTagKey(text)}
          renderInput={(params) => <TextField {...params} label={t("resource.whyNot.key")} />}
          sx={{ width: 200 }}
        />
        <Autocomplete
          freeSolo
          options={values}
          inputValue={tagValue}
          onInputChange={(_event, text) => setTagValue(text)}
          renderInput={(params) => <TextField {...params} label={t("resource.whyNot.value")} />}
          sx={{ width: 200 }}
        />
        <Button type="submit" variant="outlined" disabled={loading || tagKey === "" || tagValue === ""}>
          {t("resource.whyNot.ask")}
        </Button>
      </Box>
      <Box aria-live="polite" sx={{ mt: 1 }}>
        {error && <ErrorPanel error={error} />}
        {result && !loading && (
          <Alert severity={result.reason === "HOLDS" ? "success" : "info"}>
            <b>{t(`resource.whyNot.${result.reason}`)}.</b> {result.detail}
            {result.confidence != null &&
              ` (${t("resource.whyNot.confidence", { percent: formatPercent(result.confidence) })})`}
          </Alert>
        )}
      </Box>
    </section>
  );
}

/** Dry run on the resource as it would be with another name or other tags. */
function WhatIf({ resource }: { resource: Resource }) {
  const [name, setName] = useState(resource.name);
  const [lines, setLines] = useState(() => writeTagLines(asNativeTags(resource.nativeTags)));
  const [infer, { data, loading, error }] = useLazyQuery(InferTagsDocument, { fetchPolicy: "no-cache" });
  const { tags, wrongLines } = readTagLines(lines);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const { cloud, accountId, region, resourceId, resourceType } = resource;
    const described = { cloud, accountId, region, resourceId, resourceType, name, nativeTags: tags };
    if (wrongLines.length === 0) void infer({ variables: { input: { resource: described } } });
  };
  return (
    <section aria-labelledby="what-if">
      <Typography variant="h2" id="what-if" gutterBottom>
        {t("resource.whatIf.title")}
      </Typography>
      <Box component="form" onSubmit={submit} sx={{ display: "grid", gap: 1.5, maxWidth: 640, mb: 1 }}>
        <TextField label={t("resource.whatIf.name")} value={name} onChange={(event) => setName(event.target.value)} />
        <TextField
          label={t("resource.whatIf.tags")}
          value={lines}
          multiline
          minRows={2}
          error={wrongLines.length > 0}
          helperText={wrongLines.length > 0 && t("resources.field.tagLines", { lines: wrongLines.join(", ") })}
          onChange={(event) => setLines(event.target.value)}
        />
        <Box>
          <Button type="submit" variant="outlined" disabled={loading}>
            {t("resource.whatIf.ask")}
          </Button>
        </Box>
      </Box>
      {error && <ErrorPanel error={error} />}
      {data && !loading && <Predictions label={t("resource.whatIf.result")} predictions={data.inferTags.predictions} />}
    </section>
  );
}

/** Reasons of the engine: what it would say now, why not another value, and what it would say of another resource. */
export default function WhyTab({ resource, vocabulary }: WhyTabProps) {
  const { data, error, loading, refetch } = useQuery(InferTagsDocument, {
    variables: { input: { id: resource.id } },
    fetchPolicy: "no-cache",
  });
  const stored = new Map(
    resource.virtualTags.nodes
      .filter(({ approvalStatus }) => approvalStatus === "PENDING" || approvalStatus === "APPROVED")
      .map(({ tagKey, tagValue }) => [tagKey, tagValue]),
  );
  return (
    <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: "minmax(0, 1fr)" }}>
      <section aria-labelledby="why-now">
        <Typography variant="h2" id="why-now">
          {t("resource.why.now")}
        </Typography>
        <Typography color="textSecondary" gutterBottom>
          {t("resource.why.nowHelp")}
        </Typography>
        {loading && !data && <LinearProgress aria-label={t("common.loading")} />}
        {error && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {data && <Predictions label={t("resource.why.now")} predictions={data.inferTags.predictions} stored={stored} />}
      </section>
      <WhyNot resource={resource} vocabulary={vocabulary} />
      <WhatIf resource={resource} />
    </Box>
  );
}
