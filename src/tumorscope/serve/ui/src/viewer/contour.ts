/** The line where a map passes a threshold, by marching squares. */

/**
 * Return segments x0, y0, x1, y1 in pixels; the center of the first pixel is (0.5, 0.5).
 *
 * The map counts as zero outside the picture, so that a region at the border is closed
 * there and nothing of one border appears at the opposite one.
 */
export function contourOf(
  map: Uint8Array,
  rows: number,
  columns: number,
  threshold: number,
): Float32Array {
  const segments: number[] = [];
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= rows || column >= columns ? 0 : map[row * columns + column]!;
  for (let row = -1; row < rows; row += 1)
    for (let column = -1; column < columns; column += 1) {
      const corners = [
        at(row, column),
        at(row, column + 1),
        at(row + 1, column + 1),
        at(row + 1, column),
      ] as const;
      addCell(corners, threshold, column + 0.5, row + 0.5, segments);
    }
  return Float32Array.from(segments);
}

// For each pattern of corners inside (bits: upper left, upper right, lower right, lower
// left), pairs of edges (0 top, 1 right, 2 bottom, 3 left) that a line joins.
const LINES: readonly (readonly number[])[] = [
  [], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2],
  [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], [],
];

function addCell(
  corners: readonly [number, number, number, number],
  threshold: number,
  x: number,
  y: number,
  segments: number[],
): void {
  const [a, b, c, d] = corners;
  const pattern =
    Number(a > threshold) |
    (Number(b > threshold) << 1) |
    (Number(c > threshold) << 2) |
    (Number(d > threshold) << 3);
  const edges = LINES[pattern]!;
  for (const edge of edges) {
    if (edge === 0) segments.push(x + share(a, b, threshold), y);
    else if (edge === 1) segments.push(x + 1, y + share(b, c, threshold));
    else if (edge === 2) segments.push(x + share(d, c, threshold), y + 1);
    else segments.push(x, y + share(a, d, threshold));
  }
}

function share(from: number, to: number, threshold: number): number {
  return (threshold - from) / (to - from);
}
