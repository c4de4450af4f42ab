/** A study that waits or is screened. */

import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Session, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { ProblemNote } from "../parts/problem_note";
import { ServerWords } from "../parts/server_words";

export function StudyProgress({ study, session }: { study: Study; session: Session }) {
  const { t } = useLanguage();
  const [error, setError] = useState<unknown>(null);
  const { job } = study;
  const progress = job?.progress ?? null;
  return (
    <section class="card" aria-label={t("progress")}>
      <p>
        <strong>{t(study.state === "queued" ? "waits_in_queue" : "is_screened")}</strong>
        {progress && (
          <span class="muted">
            {" "}
            <ServerWords>{progress.stage}</ServerWords>
            {progress.total > 0 && ` ${progress.done} / ${progress.total}`}
          </span>
        )}
      </p>
      <progress
        aria-label={t("progress")}
        max={progress && progress.total > 0 ? progress.total : undefined}
        value={progress && progress.total > 0 ? progress.done : undefined}
      />
      <p class="muted">{t("progress_words")}</p>
      {job && session.scopes.includes("submit") && (
        <button
          type="button"
          class="button"
          onClick={() => api.cancelJob(job.id).catch(setError)}
        >
          {t("cancel_screening")}
        </button>
      )}
      {error !== null && <ProblemNote error={error} />}
    </section>
  );
}
