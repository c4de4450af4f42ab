/** A study as the server has it, asked again while it is not finished. */

import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Study } from "../api/types";
import { forgetPixels } from "../viewer/volume";

const POLL_MS = 1500;

export function isUnfinished(state: string): boolean {
  return state === "queued" || state === "running";
}

export function useStudy(id: string) {
  const [study, setStudy] = useState<Study | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    setStudy(null);
    return forgetPixels;
  }, [id]);

  useEffect(() => {
    const stop = new AbortController();
    api.study(id, stop.signal).then(
      (found) => {
        setStudy(found);
        setError(null);
      },
      (problem) => stop.signal.aborted || setError(problem),
    );
    return () => stop.abort();
  }, [id, asked]);

  const isWaiting = study !== null && isUnfinished(study.state);
  useEffect(() => {
    if (!isWaiting && !(error !== null && study !== null)) return undefined;
    const timer = setTimeout(() => setAsked(asked + 1), POLL_MS);
    return () => clearTimeout(timer);
  }, [isWaiting, study, error]);

  return { study, error, reload: () => setAsked((count) => count + 1) };
}
