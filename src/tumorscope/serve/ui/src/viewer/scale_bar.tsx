/** A bar of a round number of millimeters, as long as that on the picture. */

const LENGTHS_MM = [100, 50, 20, 10, 5, 2, 1];
const LONGEST_PX = 110;

export function ScaleBar({ perMm }: { perMm: number }) {
  const length = LENGTHS_MM.find((mm) => mm * perMm <= LONGEST_PX) ?? 1;
  if (!Number.isFinite(perMm) || perMm <= 0) return null;
  return (
    <p class="scale-bar" style={{ width: `${length * perMm}px` }}>
      {length} mm
    </p>
  );
}
