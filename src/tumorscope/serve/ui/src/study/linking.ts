/** Which slice of another series shows the same place. */

import type { Series } from "../api/types";

/**
 * Return the slice of `to` nearest to one of `from`, by position where both have positions,
 * else by its share of the way from the lowest to the highest slice.
 */
export function linkedSlice(from: Series, slice: number, to: Series): number {
  if (from.id === to.id) return slice;
  const position = from.slice_results[slice]?.position_mm;
  const places = to.slice_results.filter((one) => one.position_mm !== null);
  if (position == null || places.length === 0) {
    const share = from.slices > 1 ? slice / (from.slices - 1) : 0;
    return Math.round(share * (to.slices - 1));
  }
  return places.reduce((best, one) =>
    Math.abs(one.position_mm! - position) < Math.abs(best.position_mm! - position) ? one : best,
  ).index;
}

/** The slice a study opens at: the middle, never the peak, which would tell the result. */
export function middleSlice(series: Series): number {
  return Math.floor(series.slices / 2);
}
