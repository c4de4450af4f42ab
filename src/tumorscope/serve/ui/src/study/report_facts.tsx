/** The words of the report: result or abstention, reading, checks, figures of the model. */

import type { Series, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";
import { Frequencies } from "./frequencies";
import { reasonsOf, type Viewing } from "./viewing";
import { decisionKey, OPINION_KEYS } from "./words";

const MOST_REASONS = 4;
const MOST_CHECKS = 8;

export function ReportFacts({ study, viewing }: { study: Study; viewing: Viewing | null }) {
  const { t, number } = useLanguage();
  const { model, reading } = study;
  return (
    <div class="report-columns">
      <section>
        <h3>{t("result")}</h3>
        <ReportResult study={study} series={viewing?.series ?? null} />
        <h3>{t("your_reading")}</h3>
        <p>
          {reading
            ? `${t(OPINION_KEYS[reading.opinion])} (${t("seconds_open", { n: number(reading.seconds_open) })})`
            : t("no_reading")}
        </p>
      </section>
      <section>
        <h3>{t("checks_title")}</h3>
        <ul>
          {study.input_checks.slice(0, MOST_CHECKS).map((check, index) => (
            <li key={index}>
              <strong>{t(`check_${check.outcome}`)}:</strong> <ServerWords>{check.words}</ServerWords>
            </li>
          ))}
        </ul>
        <h3>{t("meaning_title")}</h3>
        <p>
          {t("sensitivity")} {rate(model.sensitivity)}, {t("specificity")} {rate(model.specificity)}
          {model.figures_set && (
            <>
              {" "}
              (<ServerWords>{model.figures_set}</ServerWords>)
            </>
          )}
        </p>
      </section>
    </div>
  );

  function rate(one: Study["model"]["sensitivity"]): string {
    if (one === null) return t("not_measured");
    const interval =
      one.low === null || one.high === null
        ? ""
        : ` [${number(one.low, 2)}, ${number(one.high, 2)}]`;
    return number(one.value, 2) + interval;
  }
}

function ReportResult({ study, series }: { study: Study; series: Series | null }) {
  const { t, probability } = useLanguage();
  if (study.withheld) return <p>{t("result_withheld")}</p>;
  if (study.state === "failed") return <p>{t("state_failed")}</p>;
  if (study.state === "not_assessed" || series === null || series.highest === null)
    return <ReportAbstention study={study} series={series} />;
  const { highest } = series;
  const peak = series.slice_results[highest.slice_index]!;
  return (
    <>
      <p class="report-value">
        <strong>{probability(highest.tumor_probability)}</strong>{" "}
        {peak.decision && t(decisionKey(peak.decision))}
      </p>
      <p>
        {t("highest_slice_probability")} ({t("slice_n_of_m", { n: highest.slice_index + 1, m: series.slices })}).{" "}
        {peak.interval
          ? t("interval_is", {
              low: probability(peak.interval[0]),
              high: probability(peak.interval[1]),
            })
          : t("no_interval")}{" "}
        {t("threshold")} {probability(study.model.threshold_probability)}
        {study.model.threshold_words && (
          <>
            {" · "}
            <ServerWords>{study.model.threshold_words}</ServerWords>
          </>
        )}
        .
      </p>
      <Frequencies model={study.model} value={highest.tumor_probability} />
    </>
  );
}

function ReportAbstention({ study, series }: { study: Study; series: Series | null }) {
  const { t } = useLanguage();
  const results = series?.slice_results ?? [];
  const isReferred = results.some((one) => one.decision === "refer");
  const reasons = series === null ? [] : reasonsOf(series).slice(0, MOST_REASONS);
  const refused = study.state === "not_assessed" || !isReferred;
  return (
    <>
      <p class="report-value">
        <strong>{t(refused ? "not_assessed" : "refer_no_number")}</strong>
      </p>
      <ul>
        {reasons.map((reason) => (
          <li key={reason}>
            <ServerWords>{reason}</ServerWords>
          </li>
        ))}
        {study.error && (
          <li>
            <ServerWords>{study.error.detail}</ServerWords>
          </li>
        )}
      </ul>
    </>
  );
}
