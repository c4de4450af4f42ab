/** Which words stand for the values of the wire. */

import type { Decision, FeedbackKind, Opinion, StudyState } from "../api/types";
import type { Key } from "../language/language";

const DECISIONS: Record<Decision, Key> = {
  "above threshold": "decision_above",
  "not above": "decision_not_above",
  refer: "decision_refer",
  "not assessed": "decision_not_assessed",
};

export function decisionKey(decision: Decision): Key {
  return DECISIONS[decision];
}

export const STATES: readonly StudyState[] = [
  "queued",
  "running",
  "done",
  "not_assessed",
  "failed",
];

export const STATE_KEYS: Record<StudyState, Key> = {
  queued: "state_queued",
  running: "state_running",
  done: "state_done",
  failed: "state_failed",
  not_assessed: "state_not_assessed",
};

export const OPINION_KEYS: Record<Opinion, Key> = {
  suspected: "opinion_suspected",
  none_seen: "opinion_none_seen",
  cannot_judge: "opinion_cannot_judge",
  skipped: "opinion_skipped",
};

export const FEEDBACK_KEYS: Record<FeedbackKind, Key> = {
  agree: "feedback_agree",
  disagree: "feedback_disagree",
  wrong_input: "feedback_wrong_input",
  other: "feedback_other",
};
