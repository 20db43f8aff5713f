import Box from "@mui/material/Box";
import Checkbox from "@mui/material/Checkbox";
import Input from "@mui/material/Input";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import { formatNumber } from "../../../app/format.ts";
import { t } from "../../../app/i18n.ts";
import { Confidence } from "../../../components/Confidence.tsx";
import type { SuggestionPartsFragment } from "../../../gql/graphql.ts";
import type { DraftTag } from "./SuggestionCard.tsx";

interface SuggestedTagsProps {
  suggestion: SuggestionPartsFragment;
  drafts: readonly DraftTag[];
  readOnly: boolean;
  onChange: (position: number, changed: Partial<DraftTag>) => void;
  onSubmit: () => void;
}

/** Columns of numbers are left out where the page is narrow, and told below the value instead. */
const wide = { display: { xs: "none", sm: "table-cell" } };

/** Tags that a decision settles, with what agrees and contradicts; values can be edited. */
export function SuggestedTags({ suggestion, drafts, readOnly, onChange, onSubmit }: SuggestedTagsProps) {
  return (
    <Table size="small" aria-label={t("approvals.suggestion.tags")} sx={{ "& td, & th": { px: { xs: 0.5, xl: 1 } } }}>
      <TableHead>
        <TableRow>
          {!readOnly && <TableCell component="td" padding="checkbox" />}
          <TableCell>{t("approvals.suggestion.key")}</TableCell>
          <TableCell>{t("approvals.suggestion.value")}</TableCell>
          <TableCell align="right" sx={wide}>
            {t("approvals.suggestion.open")}
          </TableCell>
          <TableCell align="right" sx={wide}>
            {t("approvals.suggestion.agreeing")}
          </TableCell>
          <TableCell align="right" sx={wide}>
            {t("approvals.suggestion.contradicting")}
          </TableCell>
          <TableCell sx={wide}>{t("approvals.suggestion.precision")}</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {suggestion.tags.map((tag, position) => {
          const draft = drafts[position];
          if (draft === undefined) return null;
          const conflicts = tag.conflicts
            .map(({ tagValue, count }) => `${tagValue} (${formatNumber(count)})`)
            .join(", ");
          return (
            <TableRow key={tag.tagKey}>
              {!readOnly && (
                <TableCell padding="checkbox">
                  <Checkbox
                    size="small"
                    checked={draft.isTaken}
                    onChange={(event) => onChange(position, { isTaken: event.target.checked })}
                    slotProps={{ input: { "aria-label": t("approvals.suggestion.take", { key: tag.tagKey }) } }}
                  />
                </TableCell>
              )}
              <TableCell
                component="th"
                scope="row"
                sx={{ fontWeight: 600, minWidth: 92, whiteSpace: { sm: "nowrap" }, overflowWrap: "anywhere" }}
              >
                {tag.tagKey}
              </TableCell>
              <TableCell sx={{ minWidth: { sm: 130 } }}>
                <Input
                  fullWidth
                  value={draft.tagValue}
                  onChange={({ target }) =>
                    onChange(position, { tagValue: target.value, isTaken: target.value !== "" })
                  }
                  onKeyDown={(event) => {
                    if (event.key === "Enter") onSubmit();
                    if (event.key === "Escape") (event.target as HTMLElement).blur();
                  }}
                  disabled={readOnly}
                  slotProps={{ input: { "aria-label": t("approvals.suggestion.valueOf", { key: tag.tagKey }) } }}
                />
                {conflicts !== "" && (
                  <Box sx={{ fontSize: 12, color: "text.secondary", overflowWrap: "anywhere" }}>
                    {t("approvals.suggestion.conflicts", { values: conflicts })}
                  </Box>
                )}
                <Box sx={{ display: { sm: "none" }, fontSize: 12, color: "text.secondary" }}>
                  {`${t("approvals.suggestion.open")} ${formatNumber(tag.open)} · ${t("approvals.suggestion.agreeing")} ${formatNumber(tag.agreeing)} · ${t("approvals.suggestion.contradicting")} ${formatNumber(tag.contradicting)} · `}
                  <Confidence value={tag.precisionLowerBound} compact />
                </Box>
              </TableCell>
              <TableCell align="right" sx={wide}>
                {formatNumber(tag.open)}
              </TableCell>
              <TableCell align="right" sx={wide}>
                {formatNumber(tag.agreeing)}
              </TableCell>
              <TableCell
                align="right"
                sx={{ ...wide, ...(tag.contradicting > 0 && { fontWeight: 700, color: "warning.main" }) }}
              >
                {formatNumber(tag.contradicting)}
              </TableCell>
              <TableCell sx={wide}>
                <Confidence value={tag.precisionLowerBound} compact />
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}
