/** What the server sends. Field names are those of the wire; times are ISO 8601 in UTC. */

export type Auth = "none" | "accounts" | "oidc";

/** How to sign in; asked before anybody has. */
export interface SignInWays {
  auth: Auth;
  /** Where the organization's own sign-in starts. */
  redirect: string | null;
  notice: string;
}
export type Scope = "read" | "submit" | "review" | "admin" | "metrics";

export interface Session {
  account: { id: string; name: string; role: "reader" | "admin" | "service" };
  scopes: Scope[];
  csrf_token: string;
  auth: Auth;
  reader_first: boolean;
  pacs_configured: boolean;
  version: string;
  notice: string;
}

export type StudyState = "queued" | "running" | "done" | "failed" | "not_assessed";
export type Decision = "above threshold" | "not above" | "refer" | "not assessed";
export type Opinion = "suspected" | "none_seen" | "cannot_judge" | "skipped";

export interface Reading {
  opinion: Opinion;
  seconds_open: number;
  agreement: "agree" | "disagree" | "not comparable" | null;
  created?: string;
  account?: string;
}

export interface StudyError {
  code: string;
  detail: string;
}

export interface StudySummary {
  id: string;
  title: string;
  created: string;
  state: StudyState;
  model_id: string;
  series_count: number;
  highest_tumor_probability: number | null;
  decision: Decision | null;
  reading: Reading | null;
  withheld: boolean;
  error: StudyError | null;
}

export interface Job {
  id: string;
  state: string;
  attempts: number;
  progress: { done: number; total: number; stage: string } | null;
}

export interface InputCheck {
  name: string;
  outcome: "accept" | "flag" | "refuse";
  words: string;
}

export interface SliceResult {
  index: number;
  position_mm: number | null;
  tumor_probability: number | null;
  /** Share of tumor slices observed in testing at such a score. */
  interval: [number, number] | null;
  /** Null while withheld. */
  decision: Decision | null;
  reasons: string[];
}

export interface EdgeLabels {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

export interface Series {
  id: number;
  label: string;
  sequences: string[];
  sequence_words: string;
  slices: number;
  rows: number;
  columns: number;
  /** Distance between rows, between columns. */
  spacing_mm: [number, number];
  /** Null where the server does not know which side is which. */
  edge_labels: EdgeLabels | null;
  window: { center: number; width: number };
  highest: { slice_index: number; tumor_probability: number } | null;
  slice_results: SliceResult[];
  overlay: { method: string; threshold: number; score_words: string } | null;
  notes: string[];
}

export interface Rate {
  value: number;
  low: number | null;
  high: number | null;
  n_slices: number | null;
  n_patients: number | null;
}

export interface FrequencyBin {
  low: number;
  high: number;
  n: number;
  tumors: number;
}

export interface ModelSummary {
  id: string;
  name: string;
  version: string;
  weights_sha256: string;
  is_default: boolean;
  is_shadow: boolean;
  threshold_probability: number;
  threshold_words: string;
  sensitivity: Rate | null;
  specificity: Rate | null;
  /** Which set the two rates and the frequencies come from, for instance "internal testing: 80 patients". */
  figures_set: string | null;
  calibration: string;
  conformal: string;
  referral: string;
  input_gate: string;
  training_data: string;
  prevalence: number | null;
  intended_use: string;
  natural_frequencies: FrequencyBin[];
  natural_frequencies_words: string;
}

export interface Mark {
  series: number;
  slice: number;
  kind: "box" | "point";
  x0: number;
  y0: number;
  x1?: number | null;
  y1?: number | null;
}

export type FeedbackKind = "agree" | "disagree" | "wrong_input" | "other";

export interface Feedback {
  id?: string;
  kind: FeedbackKind;
  comment: string | null;
  marks: Mark[];
  created?: string;
  account?: string;
}

export interface Study extends StudySummary {
  job: Job | null;
  input_checks: InputCheck[];
  series: Series[];
  left_out: { label: string; reason: string }[];
  notes: string[];
  model: ModelSummary;
  feedback: Feedback[];
}

export interface StudyPage {
  items: StudySummary[];
  next_cursor: string | null;
}

export interface UploadSession {
  id: string;
  state: string;
  received: { name: string; size_bytes: number; n?: number }[];
  expires: string;
}
