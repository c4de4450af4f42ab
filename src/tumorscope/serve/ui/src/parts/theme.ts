/** Dark by default, as reading rooms are; light by choice, kept for the next time. */

export type Theme = "dark" | "light";
const PLACE = "tumorscope.theme";

export function firstTheme(): Theme {
  return localStorage.getItem(PLACE) === "light" ? "light" : "dark";
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(PLACE, theme);
}
