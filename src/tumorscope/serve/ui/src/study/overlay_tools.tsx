/** The map over the pictures: off, contour, fill; its legend, and what it does not show. */

import { useEffect, useRef } from "preact/hooks";
import type { Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { Choice } from "../parts/choice";
import { ServerWords } from "../parts/server_words";
import { INFERNO } from "../viewer/colormap";
import type { OverlayMode } from "../viewer/drawing";
import { hasFigures, hasMap, type Viewing } from "./viewing";

const MODES: readonly { value: OverlayMode; key: Key }[] = [
  { value: "off", key: "overlay_off" },
  { value: "contour", key: "overlay_contour" },
  { value: "fill", key: "overlay_fill" },
];

export function OverlayTools({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t, number } = useLanguage();
  const { series, overlay } = viewing;
  if (study.withheld) return <p class="muted">{t("overlay_withheld")}</p>;
  if (series.overlay === null || !hasFigures(series))
    return <p class="muted">{t("overlay_none")}</p>;
  return (
    <div class="group" role="group" aria-label={t("overlay")}>
      <Choice
        label={t("overlay")}
        visibleLabel
        value={overlay}
        options={MODES}
        onChange={viewing.setOverlay}
      />
      {overlay === "fill" && (
        <label class="field-inline">
          <span>{t("opacity")}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={t("less", { what: t("opacity") })}
            onClick={() => viewing.setOpacity(Math.max(0.1, viewing.opacity - 0.1))}
          >
            −
          </button>
          <input
            type="range"
            class="opacity"
            min={10}
            max={100}
            step={5}
            value={Math.round(viewing.opacity * 100)}
            aria-label={t("opacity")}
            aria-valuetext={`${number(viewing.opacity * 100)} %`}
            onInput={(event) => viewing.setOpacity(Number(event.currentTarget.value) / 100)}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={t("more", { what: t("opacity") })}
            onClick={() => viewing.setOpacity(Math.min(1, viewing.opacity + 0.1))}
          >
            +
          </button>
        </label>
      )}
    </div>
  );
}

/** Below the strip, so that nothing moves when the map is switched. */
export function OverlayWords({ viewing }: { viewing: Viewing }) {
  const { t } = useLanguage();
  const { series, overlay } = viewing;
  if (overlay === "off" || series.overlay === null) return null;
  if (!hasMap(series, viewing.sliceOf(series)))
    return <p class="muted">{t("overlay_not_on_slice")}</p>;
  return <Legend viewing={viewing} />;
}

export function Legend({ viewing }: { viewing: Viewing }) {
  const { t, number } = useLanguage();
  const { overlay } = viewing.series;
  if (overlay === null) return null;
  return (
    <div class="legend">
      {viewing.overlay === "fill" ? (
        <p class="legend-line">
          <span>0</span>
          <ColorBar />
          <span>{t("legend_highest")}</span>
        </p>
      ) : (
        <p class="legend-line">
          <svg class="legend-contour" viewBox="0 0 26 10" aria-hidden="true">
            <path d="M1 5h24" />
          </svg>
          <span>{t("legend_contour", { share: number(overlay.threshold * 100) })}</span>
        </p>
      )}
      <p class="legend-words">
        <ServerWords>{overlay.method}</ServerWords>. {t("overlay_meaning")}{" "}
        <ServerWords>{overlay.score_words}</ServerWords>
      </p>
    </div>
  );
}

function ColorBar() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(256, 1);
    for (let i = 0; i < 256; i += 1)
      image.data.set([INFERNO[3 * i]!, INFERNO[3 * i + 1]!, INFERNO[3 * i + 2]!, 255], 4 * i);
    context.putImageData(image, 0, 0);
  }, []);
  return <canvas ref={canvas} class="color-bar" width={256} height={1} aria-hidden="true" />;
}
