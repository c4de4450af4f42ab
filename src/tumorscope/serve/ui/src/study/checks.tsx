/** What the input gate found, each as a sentence with its outcome in words. */

import type { InputCheck, Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { Icon, type IconName } from "../parts/icons";
import { ServerWords } from "../parts/server_words";

const OUTCOMES: Record<InputCheck["outcome"], { key: Key; icon: IconName }> = {
  accept: { key: "check_accept", icon: "check" },
  flag: { key: "check_flag", icon: "flag" },
  refuse: { key: "check_refuse", icon: "refuse" },
};

export function Checks({ study }: { study: Study }) {
  const { t } = useLanguage();
  return (
    <section class="card" aria-labelledby="checks-title">
      <h2 id="checks-title">{t("checks_title")}</h2>
      {study.input_checks.length === 0 && <p class="muted">{t("checks_none")}</p>}
      <ul class="checks">
        {study.input_checks.map((check, index) => {
          const outcome = OUTCOMES[check.outcome];
          return (
            <li key={index} class={`check check-${check.outcome}`}>
              <span class="check-word">
                <Icon name={outcome.icon} /> {t(outcome.key)}
              </span>
              <span>
                <ServerWords>
                  <span class="check-name">{check.name}:</span> {check.words}
                </ServerWords>
              </span>
            </li>
          );
        })}
      </ul>
      {study.left_out.length > 0 && (
        <details>
          <summary>{t("left_out", { n: study.left_out.length })}</summary>
          <ul class="notes">
            {study.left_out.map((one, index) => (
              <li key={index}>
                {one.label}: <ServerWords>{one.reason}</ServerWords>
              </li>
            ))}
          </ul>
        </details>
      )}
      {study.notes.length > 0 && (
        <details>
          <summary>{t("study_notes")}</summary>
          <ul class="notes">
            {study.notes.map((note) => (
              <li key={note}>
                <ServerWords>{note}</ServerWords>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
