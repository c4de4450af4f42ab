/** A plain slider of slices, where there is no number to draw. */

import { useLanguage } from "../language/language";

interface SliceOnlyProps {
  slices: number;
  slice: number;
  onSlice(slice: number): void;
}

export function SliceOnly({ slices, slice, onSlice }: SliceOnlyProps) {
  const { t } = useLanguage();
  return (
    <input
      class="slice-only"
      type="range"
      min={0}
      max={slices - 1}
      value={slice}
      aria-label={t("slice")}
      aria-valuetext={t("slice_n_of_m", { n: slice + 1, m: slices })}
      onInput={(event) => onSlice(Number(event.currentTarget.value))}
    />
  );
}
