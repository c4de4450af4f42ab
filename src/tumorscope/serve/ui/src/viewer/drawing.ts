/** One slice on a 2-D canvas: grey values, then a contour or a fill. No WebGL. */

import { INFERNO } from "./colormap";
import { contourOf } from "./contour";

export interface GreyWindow {
  center: number;
  width: number;
}

/** Zoom 1 fits the picture; the pan is in shares of the pane, so that panes can be linked. */
export interface View {
  zoom: number;
  panX: number;
  panY: number;
}

export const FIT: View = { zoom: 1, panX: 0, panY: 0 };

export function zoomed(view: View, factor: number): View {
  return { ...view, zoom: Math.min(16, Math.max(0.5, view.zoom * factor)) };
}

export type OverlayMode = "off" | "contour" | "fill";

export interface Placement {
  left: number;
  top: number;
  /** Screen pixels for each picture pixel, across and down: they differ where the spacing does. */
  scaleX: number;
  scaleY: number;
}

/** Where a picture lies in a pane, drawn with the true distances of its pixels. */
export function placePicture(
  pane: { width: number; height: number },
  picture: { rows: number; columns: number; spacing_mm: [number, number] },
  view: View,
): Placement {
  const [betweenRows, betweenColumns] = picture.spacing_mm;
  const width = picture.columns * betweenColumns;
  const height = picture.rows * betweenRows;
  const perMm = Math.min(pane.width / width, pane.height / height) * view.zoom;
  return {
    left: (pane.width - width * perMm) / 2 + view.panX * pane.width,
    top: (pane.height - height * perMm) / 2 + view.panY * pane.height,
    scaleX: betweenColumns * perMm,
    scaleY: betweenRows * perMm,
  };
}

/** Shape (rows, columns) int16 to an image of the window's grey values. */
export function greyImage(
  values: Int16Array,
  rows: number,
  columns: number,
  { center, width }: GreyWindow,
): ImageData {
  const image = new ImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  const low = center - width / 2;
  const scale = 255 / Math.max(width, 1e-6);
  for (let i = 0; i < words.length; i += 1) {
    const level = Math.min(255, Math.max(0, (values[i]! - low) * scale)) | 0;
    words[i] = 0xff000000 | (level << 16) | (level << 8) | level;
  }
  return image;
}

/** Shape (rows, columns) uint8 to colors; zero is clear, so that nothing is hidden there. */
export function fillImage(
  map: Uint8Array,
  rows: number,
  columns: number,
  opacity: number,
): ImageData {
  const image = new ImageData(columns, rows);
  const data = image.data;
  for (let i = 0; i < map.length; i += 1) {
    const value = map[i]!;
    if (value === 0) continue;
    data[4 * i] = INFERNO[3 * value]!;
    data[4 * i + 1] = INFERNO[3 * value + 1]!;
    data[4 * i + 2] = INFERNO[3 * value + 2]!;
    data[4 * i + 3] = Math.round(255 * opacity * Math.min(1, value / 64));
  }
  return image;
}

/** The contour as a path in picture pixels. */
export function contourPath(
  map: Uint8Array,
  rows: number,
  columns: number,
  threshold: number,
): Path2D {
  const path = new Path2D();
  const segments = contourOf(map, rows, columns, threshold * 255);
  for (let i = 0; i < segments.length; i += 4) {
    path.moveTo(segments[i]!, segments[i + 1]!);
    path.lineTo(segments[i + 2]!, segments[i + 3]!);
  }
  return path;
}

export interface Layers {
  grey: HTMLCanvasElement;
  fill: HTMLCanvasElement | null;
  contour: Path2D | null;
}

/** An image that can be drawn at any size. */
export function sheetOf(image: ImageData): HTMLCanvasElement {
  const sheet = document.createElement("canvas");
  sheet.width = image.width;
  sheet.height = image.height;
  sheet.getContext("2d")!.putImageData(image, 0, 0);
  return sheet;
}

/** Draw the layers; sizes are device pixels, `ratio` of them to a CSS pixel. */
export function drawLayers(
  context: CanvasRenderingContext2D,
  layers: Layers,
  at: Placement,
  ratio: number,
): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  for (const sheet of [layers.grey, layers.fill])
    if (sheet)
      context.drawImage(sheet, at.left, at.top, sheet.width * at.scaleX, sheet.height * at.scaleY);
  if (layers.contour) strokeContour(context, layers.contour, at, ratio);
  // What is on the canvas by now, for whoever cannot see it: tests wait for this.
  context.canvas.dataset.drawn = layers.fill ? "fill" : layers.contour ? "contour" : "off";
}

/** A dark edge below the yellow line keeps it visible on bright tissue. */
function strokeContour(
  context: CanvasRenderingContext2D,
  path: Path2D,
  at: Placement,
  ratio: number,
): void {
  const placed = new Path2D();
  placed.addPath(path, new DOMMatrix([at.scaleX, 0, 0, at.scaleY, at.left, at.top]));
  context.lineCap = "round";
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.lineWidth = 3.5 * ratio;
  context.stroke(placed);
  context.strokeStyle = "#ffd83d";
  context.lineWidth = 1.6 * ratio;
  context.stroke(placed);
}

export interface DrawnMark {
  kind: "box" | "point";
  x0: number;
  y0: number;
  x1?: number | null;
  y1?: number | null;
}

/** Draw a reader's marks; their places are in picture pixels. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  marks: readonly DrawnMark[],
  at: Placement,
  ratio: number,
): void {
  for (const [color, width] of [["rgba(0, 0, 0, 0.75)", 4], ["#58c7f3", 2]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * ratio;
    for (const mark of marks) {
      const x = at.left + mark.x0 * at.scaleX;
      const y = at.top + mark.y0 * at.scaleY;
      context.beginPath();
      if (mark.kind === "box")
        context.rect(x, y, (mark.x1! - mark.x0) * at.scaleX, (mark.y1! - mark.y0) * at.scaleY);
      else {
        const arm = 7 * ratio;
        context.moveTo(x - arm, y);
        context.lineTo(x + arm, y);
        context.moveTo(x, y - arm);
        context.lineTo(x, y + arm);
      }
      context.stroke();
    }
  }
}
