/** What is shown of a study: slices, windows, zoom, overlay. It all starts without overlay. */

import { useEffect, useState } from "preact/hooks";
import type { Mark, Series, Study } from "../api/types";
import { FIT, type GreyWindow, type OverlayMode, type View } from "../viewer/drawing";
import type { Tool } from "../viewer/gestures";
import { linkedSlice, middleSlice } from "./linking";

export type Layout = "single" | "compare" | "sequences";

export interface Viewing {
  series: Series;
  channel: number;
  layout: Layout;
  linked: boolean;
  tool: Tool;
  overlay: OverlayMode;
  opacity: number;
  view: View;
  marks: Mark[];
  seriesOf(id: number): Series | undefined;
  sliceOf(series: Series): number;
  windowOf(series: Series, channel: number): GreyWindow;
  choose(series: Series, channel: number): void;
  setLayout(layout: Layout): void;
  setLinked(linked: boolean): void;
  setTool(tool: Tool): void;
  setOverlay(overlay: OverlayMode): void;
  toggleOverlay(): void;
  setOpacity(opacity: number): void;
  /** Changes are functions: several may come before the next drawing. */
  setView(change: (view: View) => View): void;
  setSlice(series: Series, change: (slice: number) => number): void;
  setWindows(changes: { series: Series; channel: number; window: GreyWindow }[]): void;
  setMarks(marks: Mark[]): void;
}

/**
 * Whether figures of a series are shown. One referred slice refers them all: those of the
 * other slices cannot speak for it.
 */
export function hasFigures(series: Series): boolean {
  return series.highest !== null;
}

/** Whether a picture of this slice may carry a map. */
export function hasMap(series: Series, slice: number): boolean {
  const result = series.slice_results[slice];
  return series.overlay !== null && hasFigures(series) && result?.tumor_probability != null;
}

/** Why there is no figure: the reasons of what was referred, or else of all slices. */
export function reasonsOf(series: Series): string[] {
  const referred = series.slice_results.filter((one) => one.decision === "refer");
  const telling = referred.length > 0 ? referred : series.slice_results;
  return [...new Set(telling.flatMap((one) => one.reasons))];
}

function channelCount(study: Study): number {
  return study.series.reduce((sum, one) => sum + Math.max(1, one.sequences.length), 0);
}

/** More pictures side by side would be too small to read. */
const MOST_AT_FIRST = 4;

/** Side by side where there is room for it. */
function firstLayout(study: Study): Layout {
  const isNarrow = matchMedia("(max-width: 46rem)").matches;
  const count = channelCount(study);
  return count > 1 && count <= MOST_AT_FIRST && !isNarrow ? "sequences" : "single";
}

export function useViewing(study: Study): Viewing | null {
  const first = study.series[0] ?? null;
  const [chosen, setChosen] = useState({ id: first?.id ?? -1, channel: 0 });
  const [layout, setLayout] = useState(() => firstLayout(study));
  const [linked, setLinked] = useState(true);
  const [tool, setTool] = useState<Tool>("window");
  const [overlay, setOverlayNow] = useState<OverlayMode>("off");
  const [lastOverlay, setLastOverlay] = useState<OverlayMode>("contour");
  const [opacity, setOpacity] = useState(0.5);
  const [view, setView] = useState<View>(FIT);
  const [slices, setSlices] = useState<Record<number, number>>({});
  const [windows, setWindows] = useState<Record<string, GreyWindow>>({});
  const [marks, setMarks] = useState<Mark[]>([]);

  // Off at load, and off again when the result is revealed.
  useEffect(() => setOverlayNow("off"), [study.id, study.withheld]);

  const series = study.series.find((one) => one.id === chosen.id) ?? first;
  if (series === null) return null;

  const setOverlay = (mode: OverlayMode) => {
    setOverlayNow(mode);
    if (mode !== "off") setLastOverlay(mode);
  };
  return {
    series,
    channel: chosen.channel,
    layout,
    linked,
    tool,
    overlay,
    opacity,
    view,
    marks,
    seriesOf: (id) => study.series.find((one) => one.id === id),
    sliceOf: (one) => slices[one.id] ?? middleSlice(one),
    windowOf: (one, channel) => windows[`${one.id}:${channel}`] ?? one.window,
    choose: (one, channel) => setChosen({ id: one.id, channel }),
    setLayout,
    setLinked,
    setTool,
    setOverlay,
    toggleOverlay: () => setOverlay(overlay === "off" ? lastOverlay : "off"),
    setOpacity,
    setView,
    setSlice: (from, change) =>
      setSlices((now) => {
        const wanted = change(now[from.id] ?? middleSlice(from));
        const at = Math.min(from.slices - 1, Math.max(0, wanted));
        const others = linked ? study.series : [from];
        const moved = others.map((one) => [one.id, linkedSlice(from, at, one)]);
        return { ...now, ...Object.fromEntries(moved) };
      }),
    setWindows: (changes) => {
      const changed = changes.map((one) => [`${one.series.id}:${one.channel}`, one.window]);
      setWindows({ ...windows, ...Object.fromEntries(changed) });
    },
    setMarks,
  };
}
