/** Title, state and what can be done with a study. */

import { useState } from "preact/hooks";
import { address, api } from "../api/client";
import type { Session, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { Confirm } from "../parts/confirm";
import { Icon } from "../parts/icons";
import { useAnnounce } from "../parts/live_region";
import { ProblemNote } from "../parts/problem_note";
import { isUnfinished } from "./use_study";
import { STATE_KEYS } from "./words";

interface StudyHeadProps {
  study: Study;
  session: Session;
  isReport: boolean;
}

export function StudyHead({ study, session, isReport }: StudyHeadProps) {
  const { t, time } = useLanguage();
  const [asksToDelete, setAsksToDelete] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const remove = async () => {
    setAsksToDelete(false);
    try {
      await api.deleteStudy(study.id);
      location.hash = "#/";
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <div class="study-head">
      <p class="crumb">
        <a href={isReport ? `#/studies/${study.id}` : "#/"}>
          ← {t(isReport ? "back_to_study" : "work_list")}
        </a>
      </p>
      <div class="study-title">
        <h1>{isReport ? t("report_of", { title: study.title }) : study.title}</h1>
        <p class="muted">
          <span class={`state state-${study.state}`}>{t(STATE_KEYS[study.state])}</span>{" "}
          {t("received")} {time(study.created)}
        </p>
      </div>
      <div class="row actions">
        {!isUnfinished(study.state) && !study.withheld && (
          <>
            {isReport ? (
              <button type="button" class="button primary" onClick={() => print()}>
                <Icon name="print" /> {t("print")}
              </button>
            ) : (
              <a class="button" href={`#/studies/${study.id}/report`}>
                <Icon name="print" /> {t("print_report")}
              </a>
            )}
            <PdfLinks study={study} />
            {session.pacs_configured && <PacsButton study={study} onError={setError} />}
          </>
        )}
        {session.scopes.includes("admin") && !isReport && (
          <button type="button" class="button danger" onClick={() => setAsksToDelete(true)}>
            {t("delete_study")}
          </button>
        )}
      </div>
      {error !== null && <ProblemNote error={error} />}
      {asksToDelete && (
        <Confirm
          title={t("delete_title")}
          words={t("delete_words", { title: study.title })}
          action={t("delete_study")}
          onConfirm={remove}
          onCancel={() => setAsksToDelete(false)}
        />
      )}
    </div>
  );
}

function PdfLinks({ study }: { study: Study }) {
  const { t } = useLanguage();
  const place = (paper: string) =>
    address(`studies/${encodeURIComponent(study.id)}/report.pdf?paper=${paper}`);
  return (
    <div class="group" role="group" aria-label={t("pdf_report")}>
      <a class="button" href={place("a4")} download>
        PDF A4
      </a>
      <a class="button" href={place("letter")} download>
        PDF Letter
      </a>
    </div>
  );
}

function PacsButton({ study, onError }: { study: Study; onError(error: unknown): void }) {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const [state, setState] = useState<"idle" | "sending" | "sent">("idle");
  const send = async () => {
    setState("sending");
    onError(null);
    try {
      await api.sendToPacs(study.id);
      setState("sent");
      announce(t("pacs_sent"));
    } catch (problem) {
      setState("idle");
      onError(problem);
    }
  };
  const words = { idle: "pacs_send", sending: "pacs_sending", sent: "pacs_sent" } as const;
  return (
    <button type="button" class="button" disabled={state === "sending"} onClick={send}>
      <Icon name="upload" /> {t(words[state])}
    </button>
  );
}
