import Box from "@mui/material/Box";
import { formatNumber, formatPercent } from "../../app/format.ts";
import { t } from "../../app/i18n.ts";
import type { ReliabilityPoint } from "./figures.ts";

const width = 360;
const height = 300;
const histogram = 56;
const left = 40;
const right = width - 12;
const top = 10;
const bottom = height - 30;

const x = (value: number) => left + value * (right - left);
const y = (value: number) => bottom - value * (bottom - top);
const ticks = [0, 0.25, 0.5, 0.75, 1];

/** Reliability diagram: stated confidence against the approved share, with intervals, and how many decisions each has. */
export function ReliabilityChart({ points }: { points: readonly ReliabilityPoint[] }) {
  const most = Math.max(...points.map(({ decided }) => decided));
  return (
    <Box
      component="svg"
      role="img"
      aria-label={t("dashboard.reliability.chart", { count: points.length })}
      viewBox={`0 0 ${width} ${height + histogram}`}
      sx={{
        width: "100%",
        maxWidth: 520,
        display: "block",
        color: "text.secondary",
        "& text": { fill: "currentColor", fontSize: 11 },
      }}
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={left} x2={right} y1={y(tick)} y2={y(tick)} stroke="var(--mui-palette-divider)" />
          <text x={left - 6} y={y(tick) + 4} textAnchor="end">
            {formatPercent(tick)}
          </text>
          <text x={x(tick)} y={bottom + 15} textAnchor="middle">
            {tick}
          </text>
        </g>
      ))}
      <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} stroke="currentColor" strokeDasharray="4 4" />
      {points.map((point) => (
        <g key={point.from} stroke="var(--mui-palette-primary-main)" strokeWidth={1.5}>
          <title>{sentence(point)}</title>
          <line
            x1={x(point.meanConfidence)}
            x2={x(point.meanConfidence)}
            y1={y(point.lowerBound)}
            y2={y(point.upperBound)}
          />
          {[point.lowerBound, point.upperBound].map((bound) => (
            <line
              key={bound}
              x1={x(point.meanConfidence) - 3}
              x2={x(point.meanConfidence) + 3}
              y1={y(bound)}
              y2={y(bound)}
            />
          ))}
          <circle
            cx={x(point.meanConfidence)}
            cy={y(point.observedRate)}
            r={4}
            fill="var(--mui-palette-primary-main)"
          />
          <rect
            x={x(point.from) + 1}
            width={Math.max(1, x(point.to) - x(point.from) - 2)}
            y={height + histogram - 4 - (point.decided / most) * (histogram - 20)}
            height={(point.decided / most) * (histogram - 20)}
            fill="var(--mui-palette-primary-main)"
            stroke="none"
            opacity={0.6}
          />
        </g>
      ))}
      <text x={(left + right) / 2} y={height} textAnchor="middle">
        {t("dashboard.reliability.confidence")}
      </text>
      <text x={left} y={height + 16}>
        {`${t("dashboard.reliability.count")} (≤ ${formatNumber(most)})`}
      </text>
    </Box>
  );
}

/** Point in words. */
export function sentence(point: ReliabilityPoint): string {
  return t("dashboard.reliability.sentence", {
    from: point.from.toFixed(2),
    to: point.to.toFixed(2),
    share: formatPercent(point.observedRate),
    count: point.decided,
  });
}
