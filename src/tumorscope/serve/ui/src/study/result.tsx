/** The result: a probability with its interval, or in words why there is none. */

import type { Series, SliceResult, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";
import { Frequencies } from "./frequencies";
import { ProbabilityBar } from "./probability_bar";
import { reasonsOf, type Viewing } from "./viewing";
import { decisionKey } from "./words";

export function Result({ study, viewing }: { study: Study; viewing: Viewing | null }) {
  const { t } = useLanguage();
  const series = viewing?.series ?? null;
  return (
    <section class="card" aria-labelledby="result-title">
      <h2 id="result-title">{t("result")}</h2>
      {study.state === "failed" ? (
        <Failed study={study} />
      ) : study.state === "not_assessed" || series === null ? (
        <NotAssessed study={study} />
      ) : (
        <>
          {study.series.length > 1 && viewing && <SeriesList study={study} viewing={viewing} />}
          <SeriesResult study={study} series={series} viewing={viewing} />
        </>
      )}
    </section>
  );
}

function Failed({ study }: { study: Study }) {
  const { t } = useLanguage();
  return (
    <div class="note note-refuse">
      <p>
        <strong>{t("state_failed")}</strong>
      </p>
      <p>
        <ServerWords>{study.error?.detail ?? t("problem_unknown")}</ServerWords>
      </p>
    </div>
  );
}

function NotAssessed({ study }: { study: Study }) {
  const { t } = useLanguage();
  const refusals = study.input_checks.filter((check) => check.outcome === "refuse");
  return (
    <div class="note note-abstain">
      <p class="abstain-word">{t("not_assessed")}</p>
      <p>{t("not_assessed_words")}</p>
      <ul>
        {refusals.map((check) => (
          <li key={check.name}>
            <ServerWords>{check.words}</ServerWords>
          </li>
        ))}
        {study.error && (
          <li>
            <ServerWords>{study.error.detail}</ServerWords>
          </li>
        )}
      </ul>
    </div>
  );
}

/** Several usable series: the reader chooses which one the panel speaks of. */
function SeriesList({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t, probability } = useLanguage();
  return (
    <fieldset class="series-list">
      <legend>{t("series_choice")}</legend>
      {study.series.map((one) => (
        <label key={one.id} class="option">
          <input
            type="radio"
            name="series"
            checked={one.id === viewing.series.id}
            onChange={() => viewing.choose(one, 0)}
          />
          <span>{one.label}</span>
          <span class="muted">
            {one.highest ? probability(one.highest.tumor_probability) : t("no_number")}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface SeriesResultProps {
  study: Study;
  series: Series;
  viewing: Viewing | null;
}

function SeriesResult({ study, series, viewing }: SeriesResultProps) {
  const { t, probability } = useLanguage();
  const { highest } = series;
  if (highest === null) return <Abstained series={series} />;
  const peak = series.slice_results[highest.slice_index]!;
  const above = series.slice_results.filter((one) => one.decision === "above threshold").length;
  const scored = series.slice_results.filter((one) => one.tumor_probability !== null).length;
  return (
    <>
      <p class="result-name">{t("highest_slice_probability")}</p>
      <p class="result-value">
        <output aria-label={t("highest_slice_probability")}>
          {probability(highest.tumor_probability)}
        </output>
        <span class={peak.decision === "above threshold" ? "decision decision-above" : "decision"}>
          {peak.decision && t(decisionKey(peak.decision))}
        </span>
      </p>
      <ProbabilityBar
        value={highest.tumor_probability}
        interval={peak.interval}
        threshold={study.model.threshold_probability}
      />
      <p>{intervalWords(peak)}</p>
      <p>
        {t("slices_above", { n: above, m: scored })}{" "}
        {viewing && (
          <button
            type="button"
            class="link"
            onClick={() => viewing.setSlice(series, () => highest.slice_index)}
          >
            {t("show_slice", { n: highest.slice_index + 1 })}
          </button>
        )}
      </p>
      <p class="muted">{t("threshold_for_slices")}</p>
      <Frequencies model={study.model} value={highest.tumor_probability} />
      <Referred series={series} />
      <Notes notes={series.notes} />
    </>
  );

  function intervalWords(result: SliceResult): string {
    if (result.interval === null) return t("no_interval");
    const [low, high] = result.interval;
    return t("interval_is", { low: probability(low), high: probability(high) });
  }
}

function Abstained({ series }: { series: Series }) {
  const { t } = useLanguage();
  const reasons = reasonsOf(series);
  const isReferred = series.slice_results.some((one) => one.decision === "refer");
  return (
    <div class="note note-abstain">
      <p class="abstain-word">{t(isReferred ? "refer_no_number" : "not_assessed")}</p>
      <p>{t(isReferred ? "refer_words" : "not_assessed_words")}</p>
      <ul>
        {reasons.map((reason) => (
          <li key={reason}>
            <ServerWords>{reason}</ServerWords>
          </li>
        ))}
      </ul>
      <Notes notes={series.notes} />
    </div>
  );
}

function Referred({ series }: { series: Series }) {
  const { t } = useLanguage();
  const referred = series.slice_results.filter((one) => one.decision === "refer");
  const skipped = series.slice_results.filter((one) => one.decision === "not assessed");
  if (referred.length + skipped.length === 0) return null;
  return (
    <p>
      {referred.length > 0 && t("slices_referred", { n: referred.length })}{" "}
      {skipped.length > 0 && t("slices_not_assessed", { n: skipped.length })}
    </p>
  );
}

function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes muted">
      {notes.map((note) => (
        <li key={note}>
          <ServerWords>{note}</ServerWords>
        </li>
      ))}
    </ul>
  );
}
