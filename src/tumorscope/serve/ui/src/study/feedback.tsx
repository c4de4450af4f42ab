/** What a reader wants to say about a result: a kind, a comment, marks on the pictures. */

import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Feedback, FeedbackKind, Mark, Session, Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { Icon, type IconName } from "../parts/icons";
import { useAnnounce } from "../parts/live_region";
import { ProblemNote } from "../parts/problem_note";
import type { Viewing } from "./viewing";
import { FEEDBACK_KEYS } from "./words";

const KINDS = Object.keys(FEEDBACK_KEYS) as FeedbackKind[];
const LONGEST = 2000;
const MARKERS: readonly { tool: "point" | "box"; icon: IconName; key: Key }[] = [
  { tool: "point", icon: "point", key: "mark_point" },
  { tool: "box", icon: "box", key: "mark_box" },
];

interface FeedbackProps {
  study: Study;
  session: Session;
  viewing: Viewing | null;
  onGiven(): void;
}

export function FeedbackForm({ study, session, viewing, onGiven }: FeedbackProps) {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const [kind, setKind] = useState<FeedbackKind | null>(null);
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const marks = viewing?.marks ?? [];
  const submit = async (event: Event) => {
    event.preventDefault();
    if (kind === null) return;
    setBusy(true);
    setError(null);
    try {
      const words = comment.trim();
      await api.giveFeedback(study.id, { kind, comment: words === "" ? null : words, marks });
      setKind(null);
      setComment("");
      viewing?.setMarks([]);
      viewing?.setTool("window");
      announce(t("feedback_sent"));
      onGiven();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card" aria-labelledby="feedback-title">
      <h2 id="feedback-title">{t("feedback")}</h2>
      {study.feedback.map((given, index) => (
        <Given key={given.id ?? index} feedback={given} session={session} />
      ))}
      <form onSubmit={submit}>
        <fieldset class="options options-wide">
          <legend>{t("feedback_question")}</legend>
          {KINDS.map((one) => (
            <label key={one} class="option">
              <input
                type="radio"
                name="feedback"
                value={one}
                checked={kind === one}
                onChange={() => setKind(one)}
              />
              <span>{t(FEEDBACK_KEYS[one])}</span>
            </label>
          ))}
        </fieldset>
        {viewing && <Marks viewing={viewing} marks={marks} />}
        <label for="comment">{t("comment")}</label>
        <textarea
          id="comment"
          rows={2}
          maxLength={LONGEST}
          value={comment}
          aria-describedby="comment-note"
          onInput={(event) => setComment(event.currentTarget.value)}
        />
        <p class="muted" id="comment-note">
          {t("comment_note")}
        </p>
        <button type="submit" class="button" disabled={kind === null || busy}>
          {t("send_feedback")}
        </button>
      </form>
      {error !== null && <ProblemNote error={error} />}
    </section>
  );
}

function Marks({ viewing, marks }: { viewing: Viewing; marks: Mark[] }) {
  const { t } = useLanguage();
  return (
    <>
      <div class="row" role="group" aria-label={t("marks")}>
        {MARKERS.map(({ tool, icon, key }) => (
          <button
            key={tool}
            type="button"
            class="toggle"
            aria-pressed={viewing.tool === tool}
            onClick={() => viewing.setTool(viewing.tool === tool ? "window" : tool)}
          >
            <Icon name={icon} /> {t(key)}
          </button>
        ))}
      </div>
      {(viewing.tool === "point" || viewing.tool === "box") && (
        <p class="muted">{t(viewing.tool === "point" ? "mark_point_help" : "mark_box_help")}</p>
      )}
      {marks.length > 0 && (
        <ul class="mark-list">
          {marks.map((mark, index) => (
            <li key={index}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  const series = viewing.seriesOf(mark.series);
                  if (series) viewing.setSlice(series, () => mark.slice);
                }}
              >
                {t(mark.kind === "box" ? "mark_box_on" : "mark_point_on", { n: mark.slice + 1 })}
              </button>
              <button
                type="button"
                class="icon-button"
                aria-label={t("remove_mark", { n: index + 1 })}
                onClick={() => viewing.setMarks(marks.filter((_, at) => at !== index))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Given({ feedback, session }: { feedback: Feedback; session: Session }) {
  const { t, time } = useLanguage();
  const name = feedback.account === session.account.id ? t("you") : feedback.account;
  const who = [name, feedback.created && time(feedback.created)].filter(Boolean);
  return (
    <div class="given">
      <p>
        <strong>{t(FEEDBACK_KEYS[feedback.kind])}</strong>{" "}
        <span class="muted">{who.join(", ")}</span>
      </p>
      {feedback.comment && <p>{feedback.comment}</p>}
      {feedback.marks.length > 0 && (
        <p class="muted">{t("marks_count", { n: feedback.marks.length })}</p>
      )}
    </div>
  );
}
