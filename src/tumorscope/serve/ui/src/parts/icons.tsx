/** Small line drawings; all stand beside words and are hidden from screen readers. */

const PATHS = {
  single: "M3 3h10v10H3z",
  compare: "M2 3h5v10H2zM9 3h5v10H9z",
  grid: "M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z",
  window: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  pan: "M8 2v12M2 8h12M8 2 6 4m2-2 2 2M8 14l-2-2m2 2 2-2M2 8l2-2M2 8l2 2M14 8l-2-2m2 2-2 2",
  zoom: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2zM11 11l3 3",
  link: "M6.5 9.5l3-3M7 5l1.5-1.5a3 3 0 0 1 4 4L11 9M9 11l-1.5 1.5a3 3 0 0 1-4-4L5 7",
  check: "M3 8.5 6.5 12 13 4.5",
  flag: "M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.2",
  refuse: "M4 4l8 8M12 4l-8 8",
  box: "M3 4h10v8H3z",
  point: "M8 3v10M3 8h10",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3",
  upload: "M8 11V3M4.5 6.5 8 3l3.5 3.5M2.5 11v2.5h11V11",
  print: "M4 6V2h8v4M4 12H2V6h12v6h-2M4 9.5h8V14H4z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
