/** How far an upload is, in all and for each file. */

import type { FileProgress, FileState, Progress, UploadState } from "../api/upload";
import { useLanguage, type Key } from "../language/language";
import { ProblemNote } from "../parts/problem_note";

const MOST_FILES = 60;
const FILE_WORDS: Record<FileState, Key> = {
  waiting: "file_waiting",
  sending: "file_sending",
  done: "file_done",
  failed: "file_failed",
};
const STATE_WORDS: Record<UploadState, Key> = {
  sending: "upload_sending",
  completing: "upload_completing",
  queue_full: "upload_queue_full",
  interrupted: "upload_interrupted",
  done: "upload_done",
};
/** What a reader looks for comes first: trouble, then what moves. */
const ORDER: Record<FileState, number> = { failed: 0, sending: 1, waiting: 2, done: 3 };

interface UploadProgressProps {
  progress: Progress;
  onResume(): void;
  onClose(): void;
}

export function UploadProgress({ progress, onResume, onClose }: UploadProgressProps) {
  const { t, bytes } = useLanguage();
  const { files, state } = progress;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const sent = files.reduce((sum, file) => sum + Math.min(file.sent, file.size), 0);
  const done = files.filter((file) => file.state === "done").length;
  return (
    <div class="card upload-progress">
      <p>
        <strong>{t(STATE_WORDS[state])}</strong>{" "}
        <span class="muted">
          {t("upload_counts", { done, n: files.length, sent: bytes(sent), size: bytes(total) })}
        </span>
      </p>
      <progress aria-label={t("upload_progress")} max={Math.max(total, 1)} value={sent} />
      {progress.problem && <ProblemNote error={progress.problem} />}
      <div class="row">
        {state === "done" && progress.studyId && (
          <a class="button primary" href={`#/studies/${encodeURIComponent(progress.studyId)}`}>
            {t("open_study")}
          </a>
        )}
        {state === "interrupted" && (
          <button type="button" class="button primary" onClick={onResume}>
            {t("resume")}
          </button>
        )}
        <button type="button" class="button" onClick={onClose}>
          {t(state === "done" ? "close" : "discard_upload")}
        </button>
      </div>
      <details open={state !== "done" && files.length <= 12}>
        <summary>{t("files_one_by_one")}</summary>
        <FileList files={files} />
      </details>
    </div>
  );
}

function FileList({ files }: { files: FileProgress[] }) {
  const { t, bytes } = useLanguage();
  const sorted = [...files].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
  return (
    <ul class="file-list">
      {sorted.slice(0, MOST_FILES).map((file) => (
        <li key={file.name} class={`file file-${file.state}`}>
          <span class="file-name">{file.name}</span>
          <progress max={file.size} value={file.sent} aria-label={file.name} />
          <span class="muted">
            {t(FILE_WORDS[file.state])} · {bytes(file.size)}
          </span>
        </li>
      ))}
      {files.length > MOST_FILES && (
        <li class="muted">{t("and_more", { n: files.length - MOST_FILES })}</li>
      )}
    </ul>
  );
}
