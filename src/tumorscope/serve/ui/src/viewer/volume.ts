/** Pixels as the server sends them: display order, slice 0 lowest, never flipped here. */

import { api } from "../api/client";
import type { Series } from "../api/types";

export interface Volume {
  slices: number;
  rows: number;
  columns: number;
  values: Int16Array;
}

export interface Relevance {
  slices: number;
  rows: number;
  columns: number;
  values: Uint8Array;
}

const loaded = new Map<string, Promise<ArrayBuffer>>();

/** Forget all pixels, so that a study that was left takes no memory. */
export function forgetPixels(): void {
  loaded.clear();
}

function bytesOnce(path: string): Promise<ArrayBuffer> {
  let found = loaded.get(path);
  if (found === undefined) {
    found = api.bytes(path);
    found.catch(() => loaded.delete(path));
    loaded.set(path, found);
  }
  return found;
}

function place(study: string, series: Series, what: string): string {
  return `studies/${encodeURIComponent(study)}/series/${series.id}/${what}`;
}

export async function loadVolume(study: string, series: Series, channel: number): Promise<Volume> {
  const bytes = await bytesOnce(place(study, series, `pixels?channel=${channel}`));
  const { slices, rows, columns } = series;
  refuseLength(bytes, slices * rows * columns * 2);
  return { slices, rows, columns, values: int16LittleEndian(bytes) };
}

export async function loadRelevance(study: string, series: Series): Promise<Relevance> {
  const bytes = await bytesOnce(place(study, series, "relevance"));
  const { slices, rows, columns } = series;
  refuseLength(bytes, slices * rows * columns);
  return { slices, rows, columns, values: new Uint8Array(bytes) };
}

/** A picture of the wrong length would be drawn sheared: better none. */
function refuseLength(bytes: ArrayBuffer, wanted: number): void {
  if (bytes.byteLength !== wanted)
    throw new Error(`the server sent ${bytes.byteLength} bytes of pixels instead of ${wanted}`);
}

function int16LittleEndian(bytes: ArrayBuffer): Int16Array {
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (isLittle) return new Int16Array(bytes);
  const view = new DataView(bytes);
  return Int16Array.from({ length: bytes.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true));
}

export function sliceOf<T extends Volume | Relevance>(volume: T, index: number): T["values"] {
  const size = volume.rows * volume.columns;
  return volume.values.subarray(index * size, (index + 1) * size) as T["values"];
}
