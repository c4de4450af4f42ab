/** An upload session: one request for each file, several at a time, resumable. */

import type { ChosenFile } from "./files";
import { api, address, changeHeaders, Problem, readProblem } from "./client";
import type { UploadSession } from "./types";

const IN_FLIGHT = 5;
const TRIES = 4;
const PLACE = "tumorscope.upload";

export type FileState = "waiting" | "sending" | "done" | "failed";
export type UploadState = "sending" | "completing" | "queue_full" | "interrupted" | "done";

export interface FileProgress {
  name: string;
  size: number;
  sent: number;
  state: FileState;
}

export interface Progress {
  state: UploadState;
  files: FileProgress[];
  problem: Problem | null;
  studyId: string | null;
}

/** What is kept in the tab, so that a reload can go on: no file content. */
export interface UploadPlan {
  key: string;
  id: string | null;
  title: string;
  patientKey: string;
  modelId: string;
  files: { name: string; size: number }[];
}

export function newPlan(
  files: ChosenFile[],
  title: string,
  patientKey: string,
  modelId: string,
): UploadPlan {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const sizes = files.map(({ name, file }) => ({ name, size: file.size }));
  return { key, id: null, title, patientKey, modelId, files: sizes };
}

export function interruptedPlan(): UploadPlan | null {
  const text = sessionStorage.getItem(PLACE);
  return text === null ? null : (JSON.parse(text) as UploadPlan);
}

export function forgetPlan(): void {
  sessionStorage.removeItem(PLACE);
}

/** Whether these are the files of the plan: same names, same sizes. */
export function fits(plan: UploadPlan, files: ChosenFile[]): boolean {
  const sizes = new Map(files.map(({ name, file }) => [name, file.size]));
  return plan.files.every(({ name, size }) => sizes.get(name) === size);
}

/** Send what the server does not have yet, then ask for the screening. */
export async function runUpload(
  plan: UploadPlan,
  files: ChosenFile[],
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  const progress: Progress = {
    state: "sending",
    files: plan.files.map(({ name, size }) => ({ name, size, sent: 0, state: "waiting" })),
    problem: null,
    studyId: null,
  };
  const tell = () => report({ ...progress, files: progress.files.map((file) => ({ ...file })) });
  tell();
  try {
    const id = await openSession(plan, progress);
    tell();
    await sendAll(id, plan, files, progress, tell, signal);
    progress.state = "completing";
    tell();
    progress.studyId = await complete(id, plan, progress, tell, signal);
    progress.state = "done";
    forgetPlan();
  } catch (error) {
    if (signal.aborted) return;
    progress.state = "interrupted";
    progress.problem = error instanceof Problem ? error : new Problem(0, "offline", "");
    if (progress.problem.status === 404) plan.id = null;
  }
  tell();
}

async function openSession(plan: UploadPlan, progress: Progress): Promise<string> {
  if (plan.id === null) {
    const headers = { "Idempotency-Key": plan.key };
    const opened = await api.change<UploadSession>("POST", "uploads", { name: plan.title }, headers);
    plan.id = opened.id;
    sessionStorage.setItem(PLACE, JSON.stringify(plan));
  }
  const known = await api.read<UploadSession>(`uploads/${plan.id}`);
  const received = new Map(known.received.map((file) => [file.name, file.size_bytes]));
  for (const file of progress.files)
    if (received.get(file.name) === file.size) {
      file.state = "done";
      file.sent = file.size;
    }
  return plan.id;
}

async function sendAll(
  id: string,
  plan: UploadPlan,
  files: ChosenFile[],
  progress: Progress,
  tell: () => void,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(files.map(({ name, file }) => [name, file]));
  const waiting = plan.files.map((_, n) => n).filter((n) => progress.files[n]?.state !== "done");
  let first: unknown = null;
  const worker = async () => {
    for (let n = waiting.shift(); n !== undefined && first === null; n = waiting.shift()) {
      const entry = progress.files[n]!;
      const file = byName.get(entry.name);
      entry.state = "sending";
      try {
        if (file === undefined) throw new Problem(0, "file_missing", entry.name);
        await withRetries(
          () =>
            putFile(id, n!, entry.name, file, signal, (sent) => {
              entry.sent = sent;
              tell();
            }),
          signal,
        );
        entry.state = "done";
        entry.sent = entry.size;
      } catch (error) {
        entry.state = "failed";
        first ??= error;
      }
      tell();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  if (first !== null) throw first;
}

async function complete(
  id: string,
  plan: UploadPlan,
  progress: Progress,
  tell: () => void,
  signal: AbortSignal,
): Promise<string> {
  const body = {
    ...(plan.modelId === "" ? {} : { model_id: plan.modelId }),
    ...(plan.patientKey === "" ? {} : { patient_key: plan.patientKey }),
  };
  for (;;) {
    try {
      const headers = { "Idempotency-Key": `${plan.key}-complete` };
      const path = `uploads/${id}/complete`;
      const job = await api.change<{ study_id: string }>("POST", path, body, headers);
      return job.study_id;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429) throw error;
      progress.state = "queue_full";
      tell();
      await pause(Math.min(30, error.retryAfterSeconds ?? 5), signal);
    }
  }
}

async function withRetries(attempt: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const passing =
        error instanceof Problem &&
        (error.code === "offline" || error.status === 429 || error.status >= 502);
      if (!passing || tried === TRIES || signal.aborted) throw error;
      await pause(error.retryAfterSeconds ?? 0.5 * 2 ** tried, signal);
    }
  }
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(new DOMException("stopped", "AbortError"));
      },
      { once: true },
    );
  });
}

/** XMLHttpRequest, because fetch tells nothing of bytes sent. */
function putFile(
  id: string,
  n: number,
  name: string,
  file: File,
  signal: AbortSignal,
  sent: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const place = `uploads/${id}/files/${n}?${new URLSearchParams({ name })}`;
    request.open("PUT", address(place));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [key, value] of Object.entries(changeHeaders()))
      request.setRequestHeader(key, value);
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onerror = () => reject(new Problem(0, "offline", ""));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(
            readProblem(
              request.status,
              request.responseText,
              request.getResponseHeader("Retry-After"),
            ),
          );
    request.send(file);
  });
}
