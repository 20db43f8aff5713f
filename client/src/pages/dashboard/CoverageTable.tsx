import Box from "@mui/material/Box";
import { type KeyboardEvent, useRef, useState } from "react";
import { Link } from "react-router";
import { formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import { type CoverageBy, type CoverageCell, type CoverageGroup, lackingAddress } from "./grid.ts";

interface CoverageTableProps {
  keys: readonly string[];
  groups: readonly CoverageGroup[];
  by: CoverageBy;
  show: "share" | "counts";
}

const steps: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const coveredOf = ({ native, approved, pending, contradicted }: CoverageCell) =>
  native + approved + pending + contradicted;

function Counts({ cell }: { cell: CoverageCell }) {
  const covered = coveredOf(cell);
  const [suggested, missing] = [cell.suggested, cell.missing + cell.invalid].map(formatNumber);
  return (
    <span title={t("dashboard.coverage.counts", { covered, suggested: suggested ?? "", missing: missing ?? "" })}>
      {formatNumber(covered)}
      <Box component="span" sx={{ mx: 0.25 }}>
        /
      </Box>
      {formatNumber(cell.resources)}
    </span>
  );
}

/** Grid of links, one hue: the darker, the more is covered; the figure is always there, too. */
export function CoverageTable({ keys, groups, by, show }: CoverageTableProps) {
  const table = useRef<HTMLTableElement>(null);
  const [current, setCurrent] = useState<[number, number]>([0, 0]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(groups.length - 1, current[0] + step[0]));
    const column = Math.max(0, Math.min(keys.length - 1, current[1] + step[1]));
    table.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`)?.focus();
  };
  return (
    <Box sx={{ overflow: "auto", maxHeight: 520 }}>
      <Box
        component="table"
        ref={table}
        onKeyDown={onKeyDown}
        aria-label={t("dashboard.coverage.title")}
        sx={(theme) => ({
          borderCollapse: "separate",
          borderSpacing: 2,
          fontSize: 12,
          "--ramp": "62%",
          ...theme.applyStyles("dark", { "--ramp": "38%" }),
          "& th": { fontWeight: 600, textAlign: "start", px: 1, py: 0.5 },
          "& thead th": { position: "sticky", top: 0, bgcolor: "background.paper", zIndex: 1 },
          "& td": { p: 0 },
        })}
      >
        <thead>
          <tr>
            <th scope="col">{t("dashboard.coverage.group")}</th>
            <th scope="col">{t("dashboard.coverage.resources")}</th>
            {keys.map((key) => (
              <th scope="col" key={key}>
                {key}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group, row) => (
            <tr key={group.name}>
              <Box
                component="th"
                scope="row"
                sx={{ maxWidth: 220, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}
              >
                {group.name}
              </Box>
              <Box component="td" sx={{ textAlign: "end", px: "8px !important", fontVariantNumeric: "tabular-nums" }}>
                {formatNumber(group.resources)}
              </Box>
              {keys.map((key, column) => {
                const cell = group.cells.get(key);
                return (
                  <td key={key}>
                    {cell && (
                      <Box
                        component={Link}
                        to={lackingAddress(by, group.name, key)}
                        data-cell={`${row} ${column}`}
                        tabIndex={row === current[0] && column === current[1] ? 0 : -1}
                        onFocus={() => setCurrent([row, column])}
                        aria-label={t(show === "counts" ? "dashboard.coverage.cellCounts" : "dashboard.coverage.cell", {
                          key,
                          group: group.name,
                          share: formatPercent(cell.coveredShare),
                          covered: coveredOf(cell),
                          resources: cell.resources,
                          missing: cell.missing + cell.suggested + cell.invalid,
                        })}
                        sx={{
                          display: "block",
                          minWidth: 64,
                          minHeight: 28,
                          lineHeight: "28px",
                          px: 0.75,
                          borderRadius: 0.5,
                          textAlign: "center",
                          textDecoration: "none",
                          color: "text.primary",
                          fontVariantNumeric: "tabular-nums",
                          bgcolor: `color-mix(in srgb, var(--mui-palette-primary-main) calc(var(--ramp) * ${cell.coveredShare.toFixed(3)}), var(--mui-palette-background-default))`,
                        }}
                      >
                        {show === "counts" ? <Counts cell={cell} /> : formatPercent(cell.coveredShare)}
                      </Box>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  );
}
