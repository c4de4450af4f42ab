/** Probability, interval and threshold on one line from 0 to 1. The words stand beside it. */

import { useLanguage } from "../language/language";

const WIDTH = 320;
const LINE_Y = 16;

interface ProbabilityBarProps {
  value: number;
  interval: [number, number] | null;
  threshold: number;
}

export function ProbabilityBar({ value, interval, threshold }: ProbabilityBarProps) {
  const { t, probability } = useLanguage();
  const x = (p: number) => 6 + p * (WIDTH - 12);
  const anchor = threshold < 0.2 ? "start" : threshold > 0.8 ? "end" : "middle";
  return (
    <svg class="probability-bar" viewBox={`0 0 ${WIDTH} 44`} aria-hidden="true">
      <line class="axis" x1={x(0)} x2={x(1)} y1={LINE_Y} y2={LINE_Y} />
      {interval && (
        <rect
          class="interval"
          x={x(interval[0])}
          width={Math.max(1, x(interval[1]) - x(interval[0]))}
          y={LINE_Y - 5}
          height={10}
        />
      )}
      <line class="threshold" x1={x(threshold)} x2={x(threshold)} y1={4} y2={28} />
      <circle class="value" cx={x(value)} cy={LINE_Y} r={5.5} />
      <text x={x(0)} y={40}>
        0
      </text>
      <text x={x(threshold)} y={40} text-anchor={anchor}>
        {t("threshold_short", { value: probability(threshold) })}
      </text>
      <text x={x(1)} y={40} text-anchor="end">
        1
      </text>
    </svg>
  );
}
