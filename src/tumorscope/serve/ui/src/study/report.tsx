/**
 * The report on one sheet, A4 or Letter. It states in words what the page shows: slice,
 * sides, overlay, reading. It is what a browser prints of a study.
 */

import { useEffect, useRef } from "preact/hooks";
import type { Session, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { drawLayers, drawMarks, FIT, placePicture, type OverlayMode } from "../viewer/drawing";
import { EdgeLetters } from "../viewer/edge_letters";
import { useLayers } from "../viewer/pane";
import { Legend } from "./overlay_tools";
import { paneTitle, useRelevance, useVolume } from "./pictures";
import { ReportFacts } from "./report_facts";
import { hasMap, type Viewing } from "./viewing";

const SIDE_PX = 900;

export interface ReportProps {
  study: Study;
  session: Session;
  viewing: Viewing | null;
}

export function Report({ study, session, viewing }: ReportProps) {
  const { t, time } = useLanguage();
  return (
    <article class="report" aria-label={t("report")}>
      <p class="report-banner">{t("banner")}</p>
      <header class="report-head">
        <h2>{t("report_title")}</h2>
        <dl>
          <dt>{t("study")}</dt>
          <dd>
            {study.title} <span class="muted">({study.id})</span>
          </dd>
          <dt>{t("received")}</dt>
          <dd>{time(study.created)}</dd>
          <dt>{t("printed")}</dt>
          <dd>
            {time(new Date().toISOString())}, {session.account.name}
          </dd>
        </dl>
      </header>
      {viewing && <ReportPictures study={study} viewing={viewing} />}
      <ReportFacts study={study} viewing={viewing} />
      <footer class="report-foot">
        <p>
          {study.model.name}, {t("version")} {study.model.version}, {t("weights")}{" "}
          <code>{study.model.weights_sha256}</code>. Tumorscope {session.version}.
        </p>
        <p>{t("report_foot")}</p>
      </footer>
    </article>
  );
}

function ReportPictures({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t, number } = useLanguage();
  const { series, channel } = viewing;
  const slice = viewing.sliceOf(series);
  const overlay = hasMap(series, slice) && !study.withheld ? viewing.overlay : "off";
  const position = series.slice_results[slice]?.position_mm;
  const window = viewing.windowOf(series, channel);
  return (
    <section class="report-pictures" aria-label={t("pictures")}>
      <div class="report-row">
        <ReportPicture study={study} viewing={viewing} overlay="off" caption={t("original")} />
        {overlay !== "off" && (
          <ReportPicture
            study={study}
            viewing={viewing}
            overlay={overlay}
            caption={t(overlay === "fill" ? "overlay_fill" : "overlay_contour")}
          />
        )}
      </div>
      <p>
        {paneTitle(series, channel)} · {t("slice_n_of_m", { n: slice + 1, m: series.slices })}
        {position != null && ` (${number(position, 1)} mm)`} ·{" "}
        {t("window_short", { width: Math.round(window.width), center: Math.round(window.center) })} ·{" "}
        {series.edge_labels ? t("sides_as_labeled") : t("orientation_unknown")}
      </p>
      {overlay === "off" ? (
        <p>{t("overlay_is_off")}</p>
      ) : (
        <Legend viewing={viewing} />
      )}
    </section>
  );
}

interface ReportPictureProps {
  study: Study;
  viewing: Viewing;
  overlay: OverlayMode;
  caption: string;
}

function ReportPicture({ study, viewing, overlay, caption }: ReportPictureProps) {
  const { series, channel } = viewing;
  const slice = viewing.sliceOf(series);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { volume } = useVolume(study.id, series, channel);
  const relevance = useRelevance(study.id, series, overlay !== "off");
  const window = viewing.windowOf(series, channel);
  const layers = useLayers({
    volume,
    relevance,
    series,
    slice,
    window,
    overlay,
    opacity: viewing.opacity,
  });
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || layers === null) return;
    const at = placePicture(context.canvas, series, FIT);
    drawLayers(context, layers, at, 2);
    const marks = viewing.marks.filter((one) => one.series === series.id && one.slice === slice);
    drawMarks(context, marks, at, 2);
  });
  return (
    <figure>
      <div class="report-frame">
        <canvas ref={canvas} width={SIDE_PX} height={SIDE_PX} />
        <EdgeLetters series={series} />
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
