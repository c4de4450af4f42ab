/** The reader's own opinion: asked for before the result where the site wants that. */

import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Opinion, Reading, Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { useAnnounce } from "../parts/live_region";
import { ProblemNote } from "../parts/problem_note";
import { OPINION_KEYS } from "./words";

const OPINIONS: readonly Opinion[] = ["suspected", "none_seen", "cannot_judge"];

/** Seconds for which the page was open and in view. */
function useSecondsInView(study: string): () => number {
  const seconds = useRef(0);
  useEffect(() => {
    seconds.current = 0;
    const timer = setInterval(() => {
      if (!document.hidden) seconds.current += 0.5;
    }, 500);
    return () => clearInterval(timer);
  }, [study]);
  return () => Math.round(seconds.current * 10) / 10;
}

export function ReadingFirst({ study, onRecorded }: { study: Study; onRecorded(): void }) {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const secondsOpen = useSecondsInView(study.id);
  const [opinion, setOpinion] = useState<Opinion | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const record = async (chosen: Opinion) => {
    setBusy(true);
    setError(null);
    try {
      await api.recordReading(study.id, chosen, secondsOpen());
      announce(t("reading_recorded"));
      onRecorded();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card card-first" aria-labelledby="reading-title">
      <h2 id="reading-title">{t("reading_first_title")}</h2>
      <p class="muted">{t("reading_first_words")}</p>
      <fieldset class="options">
        <legend>{t("reading_question")}</legend>
        {OPINIONS.map((one) => (
          <label key={one} class="option">
            <input
              type="radio"
              name="opinion"
              value={one}
              checked={opinion === one}
              onChange={() => setOpinion(one)}
            />
            <span>{t(OPINION_KEYS[one])}</span>
          </label>
        ))}
      </fieldset>
      <div class="row">
        <button
          type="button"
          class="button primary"
          disabled={opinion === null || busy}
          onClick={() => opinion !== null && record(opinion)}
        >
          {t("record_and_show")}
        </button>
        <button type="button" class="link" disabled={busy} onClick={() => record("skipped")}>
          {t("show_without_reading")}
        </button>
      </div>
      <p class="muted">{t("skip_is_logged")}</p>
      {error !== null && <ProblemNote error={error} />}
    </section>
  );
}

const AGREEMENTS: Record<string, Key> = {
  agree: "agreement_agree",
  disagree: "agreement_disagree",
  "not comparable": "agreement_not_comparable",
};

export function ReadingDone({ reading }: { reading: Reading }) {
  const { t, number } = useLanguage();
  const agreement = reading.agreement ? AGREEMENTS[reading.agreement] : undefined;
  return (
    <section class="card" aria-labelledby="reading-done-title">
      <h2 id="reading-done-title">{t("your_reading")}</h2>
      <p>
        <strong>{t(OPINION_KEYS[reading.opinion])}</strong>
        {agreement && ` · ${t(agreement)}`}
        <span class="muted"> · {t("seconds_open", { n: number(reading.seconds_open) })}</span>
      </p>
    </section>
  );
}
