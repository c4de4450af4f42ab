/** A study: pictures left, findings right; the report is what gets printed. */

import { useEffect } from "preact/hooks";
import type { Session, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { useAnnounce } from "../parts/live_region";
import { ProblemNote } from "../parts/problem_note";
import { Checks } from "../study/checks";
import { FeedbackForm } from "../study/feedback";
import { ModelFacts } from "../study/model_facts";
import { Pictures } from "../study/pictures";
import { Prevalence } from "../study/prevalence";
import { ReadingDone, ReadingFirst } from "../study/reading";
import { Report } from "../study/report";
import { Result } from "../study/result";
import { StudyHead } from "../study/study_head";
import { StudyProgress } from "../study/study_progress";
import { isUnfinished, useStudy } from "../study/use_study";
import { useViewing } from "../study/viewing";
import { STATE_KEYS } from "../study/words";

interface StudyPageProps {
  id: string;
  session: Session;
  isReport: boolean;
}

export function StudyPage({ id, session, isReport }: StudyPageProps) {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const { study, error, reload } = useStudy(id);
  useEffect(() => {
    if (study) announce(t("study_is", { title: study.title, state: t(STATE_KEYS[study.state]) }));
  }, [study?.id, study?.state]);
  if (study === null)
    return (
      <main id="main" class="narrow">
        <h1>{t("study")}</h1>
        {error === null ? <p class="muted">{t("loading")}</p> : <ProblemNote error={error} />}
      </main>
    );
  if (isUnfinished(study.state))
    return (
      <main id="main" class="narrow">
        <StudyHead study={study} session={session} isReport={false} />
        <StudyProgress study={study} session={session} />
      </main>
    );
  return <Opened study={study} session={session} isReport={isReport} reload={reload} />;
}

interface OpenedProps {
  study: Study;
  session: Session;
  isReport: boolean;
  reload(): void;
}

function Opened({ study, session, isReport, reload }: OpenedProps) {
  const viewing = useViewing(study);
  useOverlayKey(viewing?.toggleOverlay, study, isReport);
  const canReview = session.scopes.includes("review");
  const askFirst = study.withheld === true;
  return (
    <main id="main" class={isReport ? "study study-report" : "study"}>
      <StudyHead study={study} session={session} isReport={isReport} />
      {!isReport && (
        <div class="study-body">
          {viewing && <Pictures study={study} viewing={viewing} />}
          <div class="findings">
            {askFirst && canReview && <ReadingFirst study={study} onRecorded={reload} />}
            {askFirst && !canReview && <Withheld />}
            {!askFirst && <Result study={study} viewing={viewing} />}
            {study.reading && !askFirst && <ReadingDone reading={study.reading} />}
            <Checks study={study} />
            {!askFirst && study.series.some((one) => one.highest !== null) && (
              <Prevalence model={study.model} />
            )}
            <ModelFacts model={study.model} />
            {!askFirst && canReview && (
              <FeedbackForm study={study} session={session} viewing={viewing} onGiven={reload} />
            )}
          </div>
        </div>
      )}
      <Report study={study} session={session} viewing={viewing} />
    </main>
  );
}

function Withheld() {
  const { t } = useLanguage();
  return (
    <section class="card">
      <p>{t("result_withheld")}</p>
    </section>
  );
}

/** One key takes the map away, and brings it back, wherever the focus is. */
function useOverlayKey(toggle: (() => void) | undefined, study: Study, isReport: boolean): void {
  useEffect(() => {
    if (toggle === undefined || study.withheld || isReport) return undefined;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key.toLowerCase() === "o") toggle();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["radio", "range", "checkbox"].includes(target.type))
  );
}
