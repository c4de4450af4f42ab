/** Tumor probability along the slices; also a slider, so that it jumps by click and by key. */

import type { Series } from "../api/types";
import { useLanguage } from "../language/language";
import { paneKeys } from "./pane_keys";
import { decisionKey } from "../study/words";

const WIDTH = 1000;
const HEIGHT = 64;

export interface StripProps {
  series: Series;
  threshold: number | null;
  slice: number;
  onSlice(change: (slice: number) => number): void;
}

export function Strip({ series, threshold, slice, onSlice }: StripProps) {
  const { t, probability } = useLanguage();
  const step = WIDTH / series.slices;
  const bar = Math.min(step * 0.76, 60);
  const result = series.slice_results[slice];
  const words = [
    t("slice_n_of_m", { n: slice + 1, m: series.slices }),
    result?.tumor_probability != null
      ? t("probability_is", { value: probability(result.tumor_probability) })
      : "",
    result?.decision ? t(decisionKey(result.decision)) : "",
  ];
  const jump = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    onSlice(() => Math.floor(share * series.slices));
  };
  return (
    <div
      class="strip"
      role="slider"
      tabIndex={0}
      aria-label={t("strip_label")}
      aria-valuemin={1}
      aria-valuemax={series.slices}
      aria-valuenow={slice + 1}
      aria-valuetext={words.filter(Boolean).join(", ")}
      onClick={jump}
      onPointerMove={(event) => event.buttons === 1 && jump(event)}
      onKeyDown={paneKeys({
        last: series.slices - 1,
        onSlice,
        onZoom: () => {},
        onReset: () => {},
        cursor: null,
      })}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {series.slice_results.map((one) =>
          one.tumor_probability === null ? null : (
            <rect
              key={one.index}
              class={one.decision === "above threshold" ? "bar-above" : "bar"}
              x={(one.index + 0.5) * step - bar / 2}
              width={bar}
              y={HEIGHT * (1 - one.tumor_probability)}
              height={Math.max(1, HEIGHT * one.tumor_probability)}
            />
          ),
        )}
        {threshold !== null && (
          <line
            class="strip-threshold"
            x1={0}
            x2={WIDTH}
            y1={HEIGHT * (1 - threshold)}
            y2={HEIGHT * (1 - threshold)}
          />
        )}
        <rect class="strip-now" x={slice * step} width={step} y={0} height={HEIGHT} />
      </svg>
    </div>
  );
}
