/** A refusal: our own sentence where the code is known, then the server's words. */

import { Problem } from "../api/client";
import { useLanguage, type Key, type Language } from "../language/language";
import { ServerWords } from "./server_words";

const KNOWN: Record<string, Key> = {
  offline: "problem_offline",
  not_found: "problem_not_found",
  forbidden: "problem_forbidden",
  csrf: "problem_csrf",
  queue_full: "problem_queue_full",
  storage_full: "problem_storage_full",
  too_large: "problem_too_large",
  unreadable: "problem_unreadable",
  unsafe_archive: "problem_unsafe_archive",
  no_signal: "problem_no_signal",
  file_missing: "problem_file_missing",
};

export function problemWords(error: unknown, { t }: Language): string {
  if (!(error instanceof Problem)) return t("problem_unknown");
  const key = KNOWN[error.code];
  return key === undefined ? t("problem_unknown") : t(key);
}

export function ProblemNote({ error }: { error: unknown }) {
  const language = useLanguage();
  const detail = error instanceof Problem ? error.detail : "";
  return (
    <div class="note note-refuse" role="alert">
      <p>{problemWords(error, language)}</p>
      {detail !== "" && (
        <p class="muted">
          <ServerWords>{detail}</ServerWords>
        </p>
      )}
    </div>
  );
}
