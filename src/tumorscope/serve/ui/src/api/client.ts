/** Requests to the server that sent this page, and to no other. */

import type {
  Feedback,
  FeedbackKind,
  Mark,
  ModelSummary,
  Opinion,
  Session,
  SignInWays,
  Study,
  StudyPage,
} from "./types";

const BASE = new URL("api/v1/", document.baseURI);
let csrfToken = "";

/** A refusal in the server's words (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail);
    this.name = "Problem";
  }
}

export function address(path: string): string {
  return new URL(path, BASE).href;
}

export function changeHeaders(): Record<string, string> {
  return csrfToken ? { "X-CSRF-Token": csrfToken } : {};
}

/** Read a refusal; what is no problem document still gets a status and a sentence. */
export function readProblem(status: number, text: string, retryAfter: string | null): Problem {
  const seconds = retryAfter === null ? null : Number.parseFloat(retryAfter);
  const wait = seconds !== null && Number.isFinite(seconds) ? seconds : null;
  try {
    const body = JSON.parse(text) as { code?: string; detail?: unknown; title?: string };
    const detail = typeof body.detail === "string" ? body.detail : (body.title ?? "");
    return new Problem(status, body.code ?? "unknown", detail, wait);
  } catch {
    return new Problem(status, "unknown", "", wait);
  }
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address(path), { credentials: "same-origin", cache: "no-store", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "offline", "");
  }
  if (!answer.ok)
    throw readProblem(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await send(path, { headers: { Accept: "application/json" }, signal });
  return (await answer.json()) as T;
}

async function change<T>(method: string, path: string, body?: unknown, more = {}): Promise<T> {
  const answer = await send(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...changeHeaders(),
      ...more,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

function remember(session: Session): Session {
  csrfToken = session.csrf_token;
  return session;
}

export const api = {
  signInWays: () => read<SignInWays>("sign-in"),
  session: async () => remember(await read<Session>("session")),
  signIn: async (name: string, password: string) =>
    remember(await change<Session>("POST", "session", { name, password })),
  signOut: async () => {
    await change<void>("DELETE", "session");
    csrfToken = "";
  },
  studies: (query: Record<string, string>, signal?: AbortSignal) => {
    const wanted = Object.entries(query).filter(([, value]) => value !== "");
    return read<StudyPage>(`studies?${new URLSearchParams(wanted)}`, signal);
  },
  study: (id: string, signal?: AbortSignal) =>
    read<Study>(`studies/${encodeURIComponent(id)}`, signal),
  deleteStudy: (id: string) => change<void>("DELETE", `studies/${encodeURIComponent(id)}`),
  cancelJob: (id: string) => change<unknown>("POST", `jobs/${encodeURIComponent(id)}/cancel`),
  sendToPacs: (id: string) => change<unknown>("POST", `studies/${encodeURIComponent(id)}/pacs`),
  recordReading: (id: string, opinion: Opinion, secondsOpen: number) =>
    change<unknown>("POST", `studies/${encodeURIComponent(id)}/reading`, {
      opinion,
      seconds_open: secondsOpen,
    }),
  giveFeedback: (
    id: string,
    feedback: { kind: FeedbackKind; comment: string | null; marks: Mark[] },
  ) => change<Feedback>("POST", `studies/${encodeURIComponent(id)}/feedback`, feedback),
  models: () => read<ModelSummary[]>("models"),
  card: (id: string) => read<unknown>(`models/${encodeURIComponent(id)}/card`),
  bytes: async (path: string, signal?: AbortSignal) => (await send(path, { signal })).arrayBuffer(),
  change,
  read,
};
