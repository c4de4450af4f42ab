/** A polite live region for the whole page, and what fills it. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";

export const AnnounceContext = createContext<(words: string) => void>(() => {});

export function useAnnounce(): (words: string) => void {
  return useContext(AnnounceContext);
}

export function LiveRegion({ words }: { words: string }) {
  return (
    <p class="hidden-label" role="status" aria-live="polite">
      {words}
    </p>
  );
}
