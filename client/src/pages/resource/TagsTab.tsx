import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import Typography from "@mui/material/Typography";
import { Suspense, useState } from "react";
import { t } from "../../app/i18n.ts";
import { later } from "../../app/later.ts";
import { useViewer } from "../../app/viewer.tsx";
import { Loading } from "../../components/Loading.tsx";
import { TagChip } from "../../components/TagChip.tsx";
import { useAction } from "../../components/useAction.ts";
import { DenyNativeTagDocument, type ResourceDetailQuery } from "../../gql/graphql.ts";
import type { TagDraft } from "./SetTagDialog.tsx";
import { type TagRow, tagRows } from "./tagRows.ts";
import { VirtualTagLine } from "./VirtualTagLine.tsx";

const SetTagDialog = later(() => import("./SetTagDialog.tsx"));

interface TagsTabProps {
  resource: NonNullable<ResourceDetailQuery["resource"]>;
  vocabulary: ResourceDetailQuery["vocabulary"];
  onChange: () => void;
}

function HoldsNow({ row }: { row: TagRow }) {
  if (!row.holds) {
    return (
      <Typography variant="body2" color="textSecondary">
        {t("resource.tags.nothingHolds")}
      </Typography>
    );
  }
  return (
    <>
      <TagChip tagKey={row.key} tagValue={row.holds.value} />
      <Typography variant="body2" color="textSecondary">
        {t(`resource.origin.${row.holds.origin}`)}
      </Typography>
      {row.holds.contradicts && (
        <Typography variant="body2" color="warning">
          {t("resource.tags.contradicts")}
        </Typography>
      )}
    </>
  );
}

/** True for a tag whose own buttons change the value. */
const isOpenToChange = ({ source, approvalStatus }: TagRow["virtual"][number]) =>
  source === "MANUAL" || approvalStatus === "PENDING";

/** Keys of the resource side by side: what the cloud says, what was inferred or decided, and what holds. */
export function TagsTab({ resource, vocabulary, onChange }: TagsTabProps) {
  const { canDecide } = useViewer();
  const { act, busy } = useAction();
  const [draft, setDraft] = useState<TagDraft | null>(null);
  const rows = tagRows(
    resource,
    vocabulary.filter(({ governed }) => governed).map(({ name }) => name),
  );
  const denyNative = async (key: string) => {
    const payload = await act(
      DenyNativeTagDocument,
      { input: { resourceId: resource.id, tagKey: key } },
      (data) => data.denyNativeTag,
      { done: t("resource.done.deniedNative", { key }) },
    );
    if (payload) onChange();
  };
  return (
    <>
      {canDecide && (
        <Box sx={{ mb: 1 }}>
          <Button variant="outlined" onClick={() => setDraft({ tagKey: "", tagValue: "" })}>
            {t("resource.set.title")}
          </Button>
        </Box>
      )}
      <TableContainer component={Paper} tabIndex={0}>
        <Table size="small" aria-label={t("resource.tags.table")}>
          <TableHead>
            <TableRow>
              {(["key", "holds", "native", "virtual"] as const).map((column) => (
                <TableCell key={column}>{t(`resource.tags.${column}`)}</TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {rows.map((row) => (
              <TableRow key={row.key} sx={{ verticalAlign: "top" }}>
                <TableCell component="th" scope="row" sx={{ fontWeight: row.governed ? 650 : 400 }}>
                  {row.key}
                </TableCell>
                <TableCell>
                  <HoldsNow row={row} />
                </TableCell>
                <TableCell sx={{ overflowWrap: "anywhere", minWidth: 200 }}>
                  {row.native ? `${row.native.rawKey}=${row.native.rawValue}` : t("resource.tags.none")}
                  {canDecide && row.holds?.origin === "NATIVE" && row.governed && (
                    <Box>
                      <Button size="small" disabled={busy} onClick={() => void denyNative(row.key)}>
                        {t("resource.denyNative")}
                      </Button>
                    </Box>
                  )}
                </TableCell>
                <TableCell sx={{ minWidth: 260 }}>
                  {row.virtual.map((tag) => (
                    <VirtualTagLine
                      key={tag.id}
                      tag={tag}
                      onChange={onChange}
                      onCorrect={() => setDraft({ wrongId: tag.id, tagKey: tag.tagKey, tagValue: "" })}
                      onEdit={() => setDraft({ id: tag.id, tagKey: tag.tagKey, tagValue: tag.tagValue })}
                    />
                  ))}
                  {canDecide && row.governed && !row.virtual.some(isOpenToChange) && (
                    <Button
                      size="small"
                      aria-label={t("resource.setKey", { key: row.key })}
                      onClick={() => setDraft({ tagKey: row.key, tagValue: "" })}
                    >
                      {t("resource.set")}
                    </Button>
                  )}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </TableContainer>
      {draft && (
        <Suspense fallback={<Loading overlay />}>
          <SetTagDialog
            resourceId={resource.id}
            draft={draft}
            vocabulary={vocabulary}
            onClose={() => setDraft(null)}
            onDone={() => {
              setDraft(null);
              onChange();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
