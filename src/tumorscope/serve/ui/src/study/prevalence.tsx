/** What a flag is worth where tumors are rarer or more common: counts of a thousand. */

import { useState } from "preact/hooks";
import type { ModelSummary, Rate } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";

const OF = 1000;

export interface Counts {
  truePositive: number;
  falsePositive: number;
  falseNegative: number;
  trueNegative: number;
}

/** Expected counts among a thousand slices, rounded so that they sum to a thousand. */
export function countsAt(prevalence: number, sensitivity: number, specificity: number): Counts {
  const tumors = Math.round(OF * prevalence);
  const truePositive = Math.round(tumors * sensitivity);
  const trueNegative = Math.round((OF - tumors) * specificity);
  return {
    truePositive,
    falseNegative: tumors - truePositive,
    trueNegative,
    falsePositive: OF - tumors - trueNegative,
  };
}

export function Prevalence({ model }: { model: ModelSummary }) {
  const { t } = useLanguage();
  const { sensitivity, specificity } = model;
  return (
    <section class="card" aria-labelledby="meaning-title">
      <h2 id="meaning-title">{t("meaning_title")}</h2>
      <dl class="facts">
        <dt>{t("threshold")}</dt>
        <ThresholdWords model={model} />
        <dt>{t("sensitivity")}</dt>
        <RateWords rate={sensitivity} />
        <dt>{t("specificity")}</dt>
        <RateWords rate={specificity} />
        <dt>{t("figures_set")}</dt>
        <dd>
          {model.figures_set ? <ServerWords>{model.figures_set}</ServerWords> : t("not_measured")}
        </dd>
      </dl>
      {sensitivity && specificity && (
        <PrevalenceSlider
          sensitivity={sensitivity.value}
          specificity={specificity.value}
          tested={model.prevalence}
        />
      )}
    </section>
  );
}

function ThresholdWords({ model }: { model: ModelSummary }) {
  const { probability } = useLanguage();
  return (
    <dd>
      {probability(model.threshold_probability)}
      {model.threshold_words && (
        <>
          {" · "}
          <ServerWords>{model.threshold_words}</ServerWords>
        </>
      )}
    </dd>
  );
}

function RateWords({ rate }: { rate: Rate | null }) {
  const { t, number } = useLanguage();
  if (rate === null) return <dd>{t("not_measured")}</dd>;
  const interval =
    rate.low !== null && rate.high !== null
      ? ` [${number(rate.low, 2)}, ${number(rate.high, 2)}]`
      : "";
  const counts = [
    rate.n_slices === null ? "" : t("n_slices", { n: rate.n_slices }),
    rate.n_patients === null ? "" : t("n_patients", { n: rate.n_patients }),
  ].filter(Boolean);
  return (
    <dd>
      {number(rate.value, 2)}
      {interval}
      {counts.length > 0 && <span class="muted"> {counts.join(", ")}</span>}
    </dd>
  );
}

interface PrevalenceSliderProps {
  sensitivity: number;
  specificity: number;
  tested: number | null;
}

function PrevalenceSlider({ sensitivity, specificity, tested }: PrevalenceSliderProps) {
  const { t, number } = useLanguage();
  const [percent, setPercent] = useState(5);
  const set = (wanted: number) => setPercent(Math.min(90, Math.max(1, Math.round(wanted))));
  const counts = countsAt(percent / 100, sensitivity, specificity);
  const flagged = counts.truePositive + counts.falsePositive;
  const clear = OF - flagged;
  const what = t("prevalence");
  return (
    <div class="prevalence">
      <label for="prevalence">{t("prevalence_label")}</label>
      <div class="slider-row">
        <button type="button" class="icon-button" aria-label={t("less", { what })} onClick={() => set(percent - 1)}>
          −
        </button>
        <input
          id="prevalence"
          type="range"
          min={1}
          max={90}
          value={percent}
          aria-valuetext={`${percent} %`}
          onInput={(event) => set(event.currentTarget.valueAsNumber)}
        />
        <button type="button" class="icon-button" aria-label={t("more", { what })} onClick={() => set(percent + 1)}>
          +
        </button>
        <output class="prevalence-value">{number(percent)} %</output>
      </div>
      <CountsBar counts={counts} />
      <ul class="counts-keys muted" aria-hidden="true">
        <li class="key-tp">{t("count_tp")}</li>
        <li class="key-fp">{t("count_fp")}</li>
        <li class="key-fn">{t("count_fn")}</li>
      </ul>
      <p>
        {t("ppv_words", { flagged, tumors: counts.truePositive, of: number(OF) })}{" "}
        <span class="muted">{flagged > 0 && t("ppv_is", { value: number(counts.truePositive / flagged, 2) })}</span>
      </p>
      <p>
        {t("npv_words", { clear, missed: counts.falseNegative })}{" "}
        <span class="muted">{clear > 0 && t("npv_is", { value: number(counts.trueNegative / clear, 2) })}</span>
      </p>
      <p class="muted">
        {tested === null
          ? t("prevalence_caveat")
          : t("prevalence_tested", { share: number(100 * tested) })}
      </p>
    </div>
  );
}

/** Flagged slices left, the others right; those with a tumor are filled. */
function CountsBar({ counts }: { counts: Counts }) {
  const parts = [
    ["count-tp", counts.truePositive],
    ["count-fp", counts.falsePositive],
    ["count-fn", counts.falseNegative],
    ["count-tn", counts.trueNegative],
  ] as const;
  let x = 0;
  return (
    <svg class="counts-bar" viewBox={`0 0 ${OF} 40`} preserveAspectRatio="none" aria-hidden="true">
      {parts.map(([name, count]) => {
        const left = x;
        x += count;
        return <rect key={name} class={name} x={left} width={count} y={0} height={40} />;
      })}
    </svg>
  );
}
