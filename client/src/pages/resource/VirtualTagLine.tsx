import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Collapse from "@mui/material/Collapse";
import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { useId, useState } from "react";
import { formatEnum } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { useViewer } from "../../app/viewer.tsx";
import { Confidence } from "../../components/Confidence.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import { useAction } from "../../components/useAction.ts";
import {
  ApproveTagsDocument,
  DenyTagsDocument,
  RemoveTagDocument,
  type ResourceTagFragment,
  UndoDecisionsDocument,
} from "../../gql/graphql.ts";
import { EvidenceView } from "./EvidenceView.tsx";
import { decisionMistake } from "./decisionMistake.ts";

const variants = { PENDING: "pending", APPROVED: "effective", DENIED: "denied", SUPERSEDED: "denied" } as const;

interface VirtualTagLineProps {
  tag: ResourceTagFragment;
  onChange: () => void;
  onEdit: () => void;
  onCorrect: () => void;
}

/** Decisions that a person may take on a tag of the given status. */
function Actions({ tag, onChange, onEdit, onCorrect }: VirtualTagLineProps) {
  const { act, busy } = useAction();
  const { canDecide } = useViewer();
  if (!canDecide) return null;
  const name = `${tag.tagKey}=${tag.tagValue}`;
  const input = { ids: [tag.id] };
  const then = (payload: unknown) => {
    if (payload !== undefined) onChange();
  };
  const approve = () =>
    act(ApproveTagsDocument, { input }, (data) => decisionMistake(data.approveTags), {
      done: t("resource.done.approved", { tag: name }),
    }).then(then);
  const deny = () =>
    act(DenyTagsDocument, { input }, (data) => decisionMistake(data.denyTags), {
      done: t("resource.done.denied", { tag: name }),
    }).then(then);
  const undo = () =>
    act(UndoDecisionsDocument, { input }, (data) => decisionMistake(data.undoDecisions), {
      done: t("resource.done.undone", { tag: name }),
    }).then(then);
  const remove = () =>
    act(RemoveTagDocument, { input: { id: tag.id } }, (data) => data.deleteVirtualTag, {
      done: t("resource.done.removed", { tag: name }),
    }).then(then);
  const buttons: [string, () => unknown][] =
    tag.source === "MANUAL"
      ? [
          [t("resource.change"), onEdit],
          [t("resource.remove"), remove],
        ]
      : tag.approvalStatus === "PENDING"
        ? [
            [t("resource.approve"), approve],
            [t("resource.deny"), deny],
            [t("resource.correct"), onCorrect],
          ]
        : tag.approvalStatus === "SUPERSEDED"
          ? []
          : [[t("resource.undo"), undo]];
  return buttons.map(([label, run]) => (
    <Button key={label} size="small" disabled={busy} aria-label={`${label} ${name}`} onClick={() => void run()}>
      {label}
    </Button>
  ));
}

/** Virtual tag with its status, who decided, why it was proposed, and what can be done. */
export function VirtualTagLine(props: VirtualTagLineProps) {
  const { tag } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const source = tag.rule ? `${t("resource.why.rule")} ${tag.rule.ruleName}` : formatEnum(tag.source);
  return (
    <Box>
      <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: 1 }}>
        <TagChip tagKey={tag.tagKey} tagValue={tag.tagValue} variant={variants[tag.approvalStatus]} />
        <Typography variant="body2" component="span">
          {t(`resource.status.${tag.approvalStatus}`)}
        </Typography>
        {tag.decidedBy && (
          <Typography variant="body2" component="span" color="textSecondary">
            {t("resource.by", { who: tag.decidedBy })} <RelativeTime value={tag.decidedAt} />
          </Typography>
        )}
        {tag.source !== "MANUAL" && <Confidence value={tag.confidence} compact />}
        <Link
          component="button"
          type="button"
          variant="body2"
          aria-expanded={open}
          aria-controls={id}
          aria-label={t("resource.evidence", { source, tag: `${tag.tagKey}=${tag.tagValue}` })}
          onClick={() => setOpen(!open)}
        >
          {source}
        </Link>
        <Actions {...props} />
      </Box>
      <Collapse in={open} id={id} unmountOnExit>
        <Box sx={{ my: 1, p: 1.5, border: 1, borderColor: "divider", borderRadius: 1 }}>
          <EvidenceView evidence={tag.evidence} />
          {tag.decisionReason && <Typography variant="body2">{tag.decisionReason}</Typography>}
        </Box>
      </Collapse>
    </Box>
  );
}
