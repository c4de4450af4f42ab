/** What will be sent, under which title, to which model. */

import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { ChosenFile } from "../api/files";
import type { ModelSummary } from "../api/types";
import { useLanguage } from "../language/language";

export interface UploadChoice {
  title: string;
  patientKey: string;
  modelId: string;
}

interface UploadFormProps {
  files: ChosenFile[];
  onSend(choice: UploadChoice): void;
  onCancel(): void;
}

export function UploadForm({ files, onSend, onCancel }: UploadFormProps) {
  const { t, bytes, time } = useLanguage();
  // A neutral title: names of files and folders often hold a patient's name.
  const [title, setTitle] = useState(() =>
    t("study_of", { time: time(new Date().toISOString()) }),
  );
  const [patientKey, setPatientKey] = useState("");
  const [modelId, setModelId] = useState("");
  const [models, setModels] = useState<ModelSummary[]>([]);
  useEffect(() => {
    api.models().then(
      (found) => {
        setModels(found.filter((one) => !one.is_shadow));
        setModelId(found.find((one) => one.is_default)?.id ?? "");
      },
      // Without the list the server takes its default.
      () => {},
    );
  }, []);
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  const send = (event: Event) => {
    event.preventDefault();
    onSend({ title: title.trim(), patientKey: patientKey.trim(), modelId });
  };
  return (
    <form class="card upload-form" onSubmit={send}>
      <p>
        <strong>{t("files_chosen", { n: files.length, size: bytes(size) })}</strong>
      </p>
      <div class="fields">
        <label>
          <span>{t("title")}</span>
          <input
            value={title}
            required
            maxLength={120}
            aria-describedby="title-note"
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>{t("patient_key")}</span>
          <input
            value={patientKey}
            maxLength={64}
            autocomplete="off"
            aria-describedby="title-note"
            onInput={(event) => setPatientKey(event.currentTarget.value)}
          />
        </label>
        {models.length > 1 && (
          <label>
            <span>{t("model")}</span>
            <select value={modelId} onChange={(event) => setModelId(event.currentTarget.value)}>
              {models.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <p class="muted" id="title-note">
        {t("no_patient_data")}
      </p>
      <div class="row">
        <button type="submit" class="button primary">
          {t("upload_and_screen")}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          {t("cancel")}
        </button>
      </div>
    </form>
  );
}
