/** All studies of the site, newest first, with search and filters; asked again by itself. */

import { useEffect, useState } from "preact/hooks";
import { address, api } from "../api/client";
import type { Session, StudyState, StudySummary } from "../api/types";
import { useLanguage } from "../language/language";
import { ProblemNote } from "../parts/problem_note";
import { decisionKey, OPINION_KEYS, STATE_KEYS, STATES } from "../study/words";
import { isUnfinished } from "../study/use_study";
import { UploadArea } from "./upload_area";

const PAGE = 25;
const FAST_MS = 2000;
const SLOW_MS = 15_000;

function useStudies(state: string, q: string) {
  const [items, setItems] = useState<StudySummary[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(0);
  const [shown, setShown] = useState(PAGE);

  useEffect(() => setShown(PAGE), [state, q]);
  useEffect(() => {
    const stop = new AbortController();
    api.studies({ state, q, limit: String(shown) }, stop.signal).then(
      (page) => {
        setItems(page.items);
        setCursor(page.next_cursor);
        setError(null);
      },
      (problem) => stop.signal.aborted || setError(problem),
    );
    return () => stop.abort();
  }, [state, q, shown, asked]);

  useEffect(() => {
    const isBusy = items?.some((one) => isUnfinished(one.state)) ?? true;
    const timer = setTimeout(
      () => (document.hidden ? undefined : setAsked(asked + 1)),
      isBusy ? FAST_MS : SLOW_MS,
    );
    const wake = () => document.hidden || setAsked(asked + 1);
    document.addEventListener("visibilitychange", wake);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [items, error, asked]);

  const more = cursor === null ? null : () => setShown(shown + PAGE);
  return { items, more, error, reload: () => setAsked((count) => count + 1) };
}

export function WorkList({ session }: { session: Session }) {
  const { t } = useLanguage();
  const [state, setState] = useState<StudyState | "">("");
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const { items, more, error, reload } = useStudies(state, q);
  const isFiltered = state !== "" || q !== "";
  return (
    <main id="main" class="wide">
      <h1>{t("work_list")}</h1>
      {session.scopes.includes("submit") && <UploadArea onUploaded={reload} />}
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="field-inline">
          <span>{t("search")}</span>
          <input
            type="search"
            value={typed}
            placeholder={t("search_placeholder")}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <label class="field-inline">
          <span>{t("state")}</span>
          <select
            value={state}
            onChange={(event) => setState(event.currentTarget.value as StudyState | "")}
          >
            <option value="">{t("all_states")}</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {t(STATE_KEYS[one])}
              </option>
            ))}
          </select>
        </label>
      </form>
      {error !== null && <ProblemNote error={error} />}
      {items === null && error === null && <p class="muted">{t("loading")}</p>}
      {items?.length === 0 && (
        <p class="empty">{t(isFiltered ? "no_study_found" : "no_study_yet")}</p>
      )}
      {items !== null && items.length > 0 && <StudyTable items={items} />}
      {more && (
        <p>
          <button type="button" class="button" onClick={more}>
            {t("show_more")}
          </button>
        </p>
      )}
      {session.scopes.includes("review") && <Exports />}
    </main>
  );
}

function StudyTable({ items }: { items: StudySummary[] }) {
  const { t } = useLanguage();
  return (
    <table class="work-list">
      <caption class="hidden-label">{t("work_list")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("study")}</th>
          <th scope="col">{t("state")}</th>
          <th scope="col" class="number">
            {t("highest_probability")}
          </th>
          <th scope="col">{t("result")}</th>
          <th scope="col">{t("reading")}</th>
          <th scope="col" class="number">
            {t("series")}
          </th>
          <th scope="col">{t("received")}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((study) => (
          <StudyRow key={study.id} study={study} />
        ))}
      </tbody>
    </table>
  );
}

function StudyRow({ study }: { study: StudySummary }) {
  const { t, time, probability } = useLanguage();
  const score = study.highest_tumor_probability;
  return (
    <tr>
      <th scope="row">
        <a href={`#/studies/${encodeURIComponent(study.id)}`}>{study.title || study.id}</a>
      </th>
      <td data-label={t("state")}>
        <span class={`state state-${study.state}`}>{t(STATE_KEYS[study.state])}</span>
      </td>
      <td class="number" data-label={t("highest_probability")}>
        {score === null ? <Nothing /> : probability(score)}
      </td>
      <td data-label={t("result")}>
        {study.withheld ? (
          <span class="muted">{t("after_your_reading")}</span>
        ) : study.decision ? (
          <span class={study.decision === "above threshold" ? "decision-above" : ""}>
            {t(decisionKey(study.decision))}
          </span>
        ) : (
          <Nothing />
        )}
      </td>
      <td data-label={t("reading")}>
        {study.reading ? t(OPINION_KEYS[study.reading.opinion]) : <Nothing />}
      </td>
      <td class="number" data-label={t("series")}>
        {study.series_count}
      </td>
      <td class="muted" data-label={t("received")}>
        {time(study.created)}
      </td>
    </tr>
  );
}

function Nothing() {
  const { t } = useLanguage();
  return (
    <span class="muted nothing">
      <span aria-hidden="true">–</span>
      <span class="hidden-label">{t("none")}</span>
    </span>
  );
}

function Exports() {
  const { t } = useLanguage();
  return (
    <p class="exports muted">
      {t("exports")}{" "}
      <a href={address("reader-study.csv")} download>
        {t("reader_study")}
      </a>{" "}
      ·{" "}
      <a href={address("corrections.csv")} download>
        {t("corrections")}
      </a>
    </p>
  );
}
