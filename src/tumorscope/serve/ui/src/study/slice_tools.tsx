/** Below the pictures: the strip, the slice's own result, and jumps. */

import type { Study } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";
import { Strip } from "../viewer/strip";
import { SliceOnly } from "../viewer/slice_only";
import { hasFigures, type Viewing } from "./viewing";
import { decisionKey } from "./words";

export function SliceTools({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t, probability } = useLanguage();
  const { series } = viewing;
  const slice = viewing.sliceOf(series);
  const go = (to: number) => viewing.setSlice(series, () => to);
  const step = (by: number) => viewing.setSlice(series, (now) => now + by);
  const hasNumbers = hasFigures(series);
  const result = series.slice_results[slice];
  return (
    <div class="slice-tools">
      <div class="strip-row">
        <button type="button" class="icon-button" aria-label={t("slice_down")} onClick={() => step(-1)}>
          −
        </button>
        {hasNumbers ? (
          <Strip
            series={series}
            threshold={study.model.threshold_probability}
            slice={slice}
            onSlice={(change) => viewing.setSlice(series, change)}
          />
        ) : (
          <SliceOnly slices={series.slices} slice={slice} onSlice={go} />
        )}
        <button type="button" class="icon-button" aria-label={t("slice_up")} onClick={() => step(1)}>
          +
        </button>
        {series.highest && (
          <button type="button" class="button" onClick={() => go(series.highest!.slice_index)}>
            {t("to_peak")}
          </button>
        )}
      </div>
      <p class="slice-words">
        <strong>{t("slice_n_of_m", { n: slice + 1, m: series.slices })}</strong>
        {!study.withheld && result && (
          <>
            {hasNumbers &&
              result.tumor_probability !== null &&
              ` · ${t("probability_is", { value: probability(result.tumor_probability) })}`}
            {(hasNumbers || result.tumor_probability === null) &&
              result.decision &&
              ` · ${t(decisionKey(result.decision))}`}
            {result.reasons.length > 0 && (
              <>
                {" ("}
                <ServerWords>{result.reasons.join("; ")}</ServerWords>
                {")"}
              </>
            )}
          </>
        )}
      </p>
      {hasNumbers && (
        <p class="strip-legend muted">
          {t("strip_legend", { threshold: probability(study.model.threshold_probability) })}
        </p>
      )}
    </div>
  );
}
