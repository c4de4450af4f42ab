/** The panes of a study, side by side, with their tools above and the strip below. */

import { useEffect, useState } from "preact/hooks";
import type { Series, Study } from "../api/types";
import { useLanguage } from "../language/language";
import { Pane } from "../viewer/pane";
import { loadRelevance, loadVolume, type Relevance, type Volume } from "../viewer/volume";
import { OverlayWords } from "./overlay_tools";
import { SliceTools } from "./slice_tools";
import { hasMap, type Viewing } from "./viewing";
import { ViewTools } from "./view_tools";

interface Shown {
  series: Series;
  channel: number;
  withMap: boolean;
  title: string;
}

function channelName(series: Series, channel: number): string {
  return series.sequences[channel] ?? "";
}

export function paneTitle(series: Series, channel: number): string {
  const name = channelName(series, channel);
  return name === "" || series.label.includes(name) ? series.label : `${series.label} · ${name}`;
}

/** Which pictures stand side by side. */
function panesOf(study: Study, viewing: Viewing, plain: string, mapped: string): Shown[] {
  const { series, channel } = viewing;
  const title = paneTitle(series, channel);
  if (viewing.layout === "compare")
    return [
      { series, channel, withMap: false, title: `${title} · ${plain}` },
      { series, channel, withMap: true, title: `${title} · ${mapped}` },
    ];
  if (viewing.layout === "single") return [{ series, channel, withMap: true, title }];
  return study.series.flatMap((one) =>
    Array.from({ length: Math.max(1, one.sequences.length) }, (_, k) => ({
      series: one,
      channel: k,
      withMap: true,
      title: paneTitle(one, k),
    })),
  );
}

export function Pictures({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t } = useLanguage();
  const panes = panesOf(study, viewing, t("original"), t("with_map"));
  return (
    <section class="pictures" aria-label={t("pictures")}>
      <ViewTools study={study} viewing={viewing} />
      <div class={`panes panes-${panes.length > 4 ? "many" : panes.length}`}>
        {panes.map((shown) => (
          <LoadedPane
            key={`${shown.series.id}:${shown.channel}:${shown.withMap}`}
            study={study}
            viewing={viewing}
            shown={shown}
          />
        ))}
      </div>
      <SliceTools study={study} viewing={viewing} />
      <OverlayWords viewing={viewing} />
    </section>
  );
}

interface LoadedPaneProps {
  study: Study;
  viewing: Viewing;
  shown: Shown;
}

function LoadedPane({ study, viewing, shown }: LoadedPaneProps) {
  const { series, channel } = shown;
  const { volume, problem } = useVolume(study.id, series, channel);
  const slice = viewing.sliceOf(series);
  const overlay = shown.withMap && hasMap(series, slice) ? viewing.overlay : "off";
  const relevance = useRelevance(study.id, series, overlay !== "off");
  return (
    <Pane
      series={series}
      title={shown.title}
      volume={volume}
      problem={problem}
      relevance={relevance}
      overlay={overlay}
      opacity={viewing.opacity}
      slice={slice}
      window={viewing.windowOf(series, channel)}
      view={viewing.view}
      tool={viewing.tool}
      marks={viewing.marks.filter((mark) => mark.series === series.id && mark.slice === slice)}
      onSlice={(change) => viewing.setSlice(series, change)}
      onWindow={(window) => viewing.setWindows([{ series, channel, window }])}
      onView={viewing.setView}
      onMark={(mark) => viewing.setMarks([...viewing.marks, mark])}
    />
  );
}

export function useVolume(study: string, series: Series, channel: number) {
  const { t } = useLanguage();
  const [volume, setVolume] = useState<Volume | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    loadVolume(study, series, channel).then(
      (loaded) => isCurrent && setVolume(loaded),
      () => isCurrent && setProblem(t("pictures_failed")),
    );
    return () => {
      isCurrent = false;
    };
  }, [study, series.id, channel]);
  return { volume, problem };
}

/** The map is fetched when it is first wanted, not before. */
export function useRelevance(study: string, series: Series, wanted: boolean): Relevance | null {
  const [relevance, setRelevance] = useState<Relevance | null>(null);
  useEffect(() => {
    let isCurrent = true;
    if (wanted && relevance === null)
      loadRelevance(study, series).then(
        (loaded) => isCurrent && setRelevance(loaded),
        () => {},
      );
    return () => {
      isCurrent = false;
    };
  }, [study, series.id, wanted]);
  return relevance;
}
