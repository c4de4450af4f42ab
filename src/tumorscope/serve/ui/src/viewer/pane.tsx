/** One picture: canvas, the labels that the server gave, and all ways to move in it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Mark, Series } from "../api/types";
import { useLanguage } from "../language/language";
import {
  contourPath,
  drawLayers,
  drawMarks,
  fillImage,
  FIT,
  greyImage,
  placePicture,
  sheetOf,
  zoomed,
  type GreyWindow,
  type OverlayMode,
  type View,
} from "./drawing";
import { EdgeLetters } from "./edge_letters";
import { useGestures, type Tool } from "./gestures";
import { paneKeys } from "./pane_keys";
import { ScaleBar } from "./scale_bar";
import { sliceOf, type Relevance, type Volume } from "./volume";

export interface PaneProps {
  series: Series;
  title: string;
  volume: Volume | null;
  problem: string | null;
  relevance: Relevance | null;
  overlay: OverlayMode;
  opacity: number;
  slice: number;
  window: GreyWindow;
  view: View;
  tool: Tool;
  marks: Mark[];
  onSlice(change: (slice: number) => number): void;
  onWindow(window: GreyWindow): void;
  onView(change: (view: View) => View): void;
  onMark(mark: Mark): void;
}

type Corner = { x: number; y: number };

/** Return the layers of a slice; each is made again only when what it shows has changed. */
export function useLayers(props: {
  volume: Volume | null;
  relevance: Relevance | null;
  series: Series;
  slice: number;
  window: GreyWindow;
  overlay: OverlayMode;
  opacity: number;
}) {
  const { volume, relevance, series, slice, window, overlay, opacity } = props;
  const { rows, columns } = series;
  const grey = useMemo(
    () => volume && sheetOf(greyImage(sliceOf(volume, slice), rows, columns, window)),
    [volume, slice, window.center, window.width],
  );
  const fill = useMemo(
    () =>
      relevance && overlay === "fill"
        ? sheetOf(fillImage(sliceOf(relevance, slice), rows, columns, opacity))
        : null,
    [relevance, slice, overlay, opacity],
  );
  const threshold = series.overlay?.threshold;
  const contour = useMemo(
    () =>
      relevance && overlay === "contour" && threshold !== undefined
        ? contourPath(sliceOf(relevance, slice), rows, columns, threshold)
        : null,
    [relevance, slice, overlay, threshold],
  );
  return grey === null ? null : { grey, fill, contour };
}

export function Pane(props: PaneProps) {
  const { series, slice, view, window, tool } = props;
  const { t, number } = useLanguage();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(frame);
  const layers = useLayers(props);
  const [corner, setCorner] = useState<Corner | null>(null);
  const [draft, setDraft] = useState<Mark | null>(null);
  const [cursor, setCursor] = useState<Corner | null>(null);
  const windowAtStart = useRef(window);
  const isMarking = tool === "point" || tool === "box";
  const at = placePicture(size, series, view);

  useEffect(() => {
    setCorner(null);
    setCursor(null);
    setDraft(null);
  }, [tool, slice]);

  const toPicture = (x: number, y: number): Corner => ({
    x: clamp((x - at.left) / at.scaleX, 0, series.columns),
    y: clamp((y - at.top) / at.scaleY, 0, series.rows),
  });
  const makeBox = (a: Corner, b: Corner): Mark => ({
    series: series.id,
    slice,
    kind: "box",
    x0: round(Math.min(a.x, b.x)),
    y0: round(Math.min(a.y, b.y)),
    x1: round(Math.max(a.x, b.x)),
    y1: round(Math.max(a.y, b.y)),
  });
  const setPoint = (point: Corner) => {
    if (tool === "point")
      props.onMark({
        series: series.id,
        slice,
        kind: "point",
        x0: round(point.x),
        y0: round(point.y),
      });
    else if (corner === null) setCorner(point);
    else {
      props.onMark(makeBox(corner, point));
      setCorner(null);
    }
  };

  useGestures(frame, tool, {
    scroll: (slices) => props.onSlice((now) => now + slices),
    window: (width, center, isStart) => {
      if (isStart) windowAtStart.current = window;
      const first = windowAtStart.current;
      const scale = series.window.width;
      props.onWindow({
        width: Math.max(1, Math.round(first.width + width * scale)),
        center: Math.round(first.center + center * scale),
      });
    },
    pan: (dx, dy) =>
      props.onView((now) => ({
        ...now,
        panX: now.panX + dx / size.width,
        panY: now.panY + dy / size.height,
      })),
    zoom: (factor) => props.onView((now) => zoomed(now, factor)),
    click: (x, y) => {
      if (isMarking) setPoint(toPicture(x, y));
      // Panning without a drag: what was clicked comes to the middle.
      else if (tool === "pan")
        props.onView((now) => ({
          ...now,
          panX: now.panX + 0.5 - x / size.width,
          panY: now.panY + 0.5 - y / size.height,
        }));
    },
    box: (x0, y0, x1, y1, isDone) => {
      const mark = makeBox(toPicture(x0, y0), toPicture(x1, y1));
      setDraft(isDone ? null : mark);
      if (isDone) props.onMark(mark);
    },
    reset: () => props.onView(() => FIT),
  });

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || layers === null || size.width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    context.canvas.width = Math.round(size.width * ratio);
    context.canvas.height = Math.round(size.height * ratio);
    const device = placePicture(context.canvas, series, view);
    drawLayers(context, layers, device, ratio);
    const shown: Mark[] = [...props.marks, ...(draft === null ? [] : [draft])];
    const points = [corner, cursor].filter((point) => point !== null);
    for (const { x, y } of points)
      shown.push({ series: series.id, slice, kind: "point", x0: x, y0: y });
    drawMarks(context, shown, device, ratio);
  });

  const keys = paneKeys({
    last: series.slices - 1,
    onSlice: props.onSlice,
    onZoom: (factor) => props.onView((now) => zoomed(now, factor)),
    onReset: () => props.onView(() => FIT),
    cursor: isMarking
      ? {
          at: cursor ?? { x: series.columns / 2, y: series.rows / 2 },
          move: (point) =>
            setCursor({
              x: clamp(point.x, 0, series.columns),
              y: clamp(point.y, 0, series.rows),
            }),
          set: setPoint,
        }
      : null,
  });
  const place = t("slice_n_of_m", { n: slice + 1, m: series.slices });
  return (
    <div class="pane">
      <div
        ref={frame}
        class={`pane-frame tool-${tool}`}
        tabIndex={0}
        role={isMarking ? "application" : "slider"}
        aria-label={isMarking ? t("marking_help", { title: props.title }) : props.title}
        aria-roledescription={isMarking ? t("picture_to_mark") : undefined}
        aria-orientation={isMarking ? undefined : "vertical"}
        aria-valuemin={isMarking ? undefined : 1}
        aria-valuemax={isMarking ? undefined : series.slices}
        aria-valuenow={isMarking ? undefined : slice + 1}
        aria-valuetext={isMarking ? undefined : place}
        onKeyDown={keys}
      >
        <canvas ref={canvas} data-series={series.id} data-slice={slice} />
      </div>
      <EdgeLetters series={series} />
      <p class="pane-title">{props.title}</p>
      <p class="pane-place">
        {slice + 1} / {series.slices}
        {series.slice_results[slice]?.position_mm != null &&
          ` · ${number(series.slice_results[slice]!.position_mm!, 1)} mm`}
      </p>
      <p class="pane-window">
        {t("window_short", { width: Math.round(window.width), center: Math.round(window.center) })}
        {view.zoom !== 1 && ` · ${number(view.zoom, 1)}×`}
      </p>
      {series.edge_labels && <ScaleBar perMm={at.scaleX / series.spacing_mm[1]} />}
      {layers === null && (
        <p class="pane-empty" role={props.problem ? "alert" : undefined}>
          {props.problem ?? t("loading_pictures")}
        </p>
      )}
    </div>
  );
}

function useSize(frame: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width, height });
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return size;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
