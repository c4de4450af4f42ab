/** Drop or choose a study, see what will be sent, send it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { filesOfDrop, filesOfInput, type ChosenFile } from "../api/files";
import { fits, forgetPlan, interruptedPlan, newPlan, runUpload } from "../api/upload";
import type { Progress, UploadPlan } from "../api/upload";
import { useLanguage } from "../language/language";
import { Icon } from "../parts/icons";
import { useAnnounce } from "../parts/live_region";
import { UploadForm, type UploadChoice } from "./upload_form";
import { UploadProgress } from "./upload_progress";

export function UploadArea({ onUploaded }: { onUploaded(): void }) {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const [files, setFiles] = useState<ChosenFile[]>([]);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [interrupted, setInterrupted] = useState<UploadPlan | null>(interruptedPlan);
  const [wrongFiles, setWrongFiles] = useState(false);
  const plan = useRef<UploadPlan | null>(null);
  const stop = useRef(new AbortController());
  const isOver = useDrop((dropped) => chosen(dropped), progress?.state === "sending");

  const run = async (toRun: UploadPlan, chosenFiles: ChosenFile[]) => {
    plan.current = toRun;
    stop.current = new AbortController();
    await runUpload(toRun, chosenFiles, setProgress, stop.current.signal);
  };

  const chosen = (found: ChosenFile[]) => {
    setWrongFiles(false);
    if (found.length === 0) return;
    if (interrupted === null) {
      setProgress(null);
      setFiles(found);
    } else if (fits(interrupted, found)) {
      setFiles(found);
      setInterrupted(null);
      void run(interrupted, found);
    } else setWrongFiles(true);
  };

  const discard = () => {
    stop.current.abort();
    forgetPlan();
    setInterrupted(null);
    setProgress(null);
    setFiles([]);
  };

  useEffect(() => {
    if (progress?.state === "done") {
      announce(t("upload_done"));
      onUploaded();
    } else if (progress?.state === "interrupted") announce(t("upload_interrupted"));
  }, [progress?.state]);
  // A closed tab cannot go on: the browser asks first.
  useEffect(() => {
    if (progress?.state !== "sending") return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [progress?.state]);

  return (
    <section class="upload" aria-labelledby="upload-title">
      <div class={isOver ? "drop drop-over" : "drop"}>
        <h2 id="upload-title">{t("new_study")}</h2>
        <p>{t("drop_words")}</p>
        <div class="row">
          <FileButton label={t("choose_files")} onFiles={chosen} />
          <FileButton label={t("choose_folder")} isFolder onFiles={chosen} />
        </div>
        <p class="muted">{t("drop_privacy")}</p>
      </div>
      {interrupted && (
        <div class="note note-flag" role="status">
          <p>{t("resume_words", { title: interrupted.title, n: interrupted.files.length })}</p>
          {wrongFiles && <p role="alert">{t("resume_wrong_files")}</p>}
          <button type="button" class="button" onClick={discard}>
            {t("discard_upload")}
          </button>
        </div>
      )}
      {files.length > 0 && progress === null && (
        <UploadForm
          files={files}
          onCancel={discard}
          onSend={(choice: UploadChoice) =>
            void run(newPlan(files, choice.title, choice.patientKey, choice.modelId), files)
          }
        />
      )}
      {progress && (
        <UploadProgress
          progress={progress}
          onResume={() => plan.current && void run(plan.current, files)}
          onClose={discard}
        />
      )}
    </section>
  );
}

interface FileButtonProps {
  label: string;
  isFolder?: boolean;
  onFiles(files: ChosenFile[]): void;
}

/** The input is the control; its label is drawn as a button around it. */
function FileButton({ label, isFolder = false, onFiles }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFolder) input.current!.webkitdirectory = true;
  }, []);
  return (
    <label class="button file-button">
      <Icon name={isFolder ? "upload" : "file"} /> {label}
      <input
        ref={input}
        type="file"
        multiple
        onChange={(event) => {
          const list = event.currentTarget.files;
          if (list) onFiles(filesOfInput(list));
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

/** The whole window takes a drop, so that a near miss does not leave the page. */
function useDrop(onDrop: (files: ChosenFile[]) => void, isBusy: boolean): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsOver(true);
    };
    addEventListener("dragover", over, options);
    addEventListener("dragleave", (event) => event.relatedTarget ?? setIsOver(false), options);
    addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        setIsOver(false);
        if (event.dataTransfer && !isBusy)
          void filesOfDrop(event.dataTransfer.items).then(onDrop);
      },
      options,
    );
    return () => stop.abort();
  });
  return isOver;
}
