/** The patient's sides at the edges of a picture: only those that the server sent. */

import type { Series } from "../api/types";
import { useLanguage } from "../language/language";

const EDGES = ["left", "right", "top", "bottom"] as const;

export function EdgeLetters({ series }: { series: Series }) {
  const { t } = useLanguage();
  if (series.edge_labels === null)
    return <p class="orientation-unknown">{t("orientation_unknown")}</p>;
  return (
    <>
      {EDGES.map((edge) => (
        <span class={`edge edge-${edge}`} data-edge={edge} key={edge}>
          {series.edge_labels![edge]}
        </span>
      ))}
    </>
  );
}
