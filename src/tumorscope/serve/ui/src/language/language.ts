/** The words of the page, and numbers and times as the reader's language writes them. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { de } from "./de";
import { en } from "./en";

export type Key = keyof typeof en;
export type LanguageCode = "en" | "de";
export type Values = Record<string, string | number>;

/** Every language file has every key: the type of German is checked against English. */
const FILES: Record<LanguageCode, Record<Key, string>> = { en, de };
const PLACE = "tumorscope.language";

export const LANGUAGES: readonly { code: LanguageCode; name: string }[] = [
  { code: "en", name: "English" },
  { code: "de", name: "Deutsch" },
];

export interface Language {
  code: LanguageCode;
  t(key: Key, values?: Values): string;
  probability(value: number): string;
  number(value: number, digits?: number): string;
  time(iso: string): string;
  bytes(value: number): string;
}

export function makeLanguage(code: LanguageCode): Language {
  const number = (value: number, digits = 0) =>
    value
      .toLocaleString(code, { minimumFractionDigits: digits, maximumFractionDigits: digits })
      .replace("-", "−");
  const t = (key: Key, values: Values = {}) =>
    FILES[code][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
      name in values ? String(values[name]) : whole,
    );
  return {
    code,
    t,
    number,
    probability: (value) => {
      // A score that rounds to 0 or 1 must not read as certainty.
      if (value > 0 && value < 0.005) return `< ${number(0.01, 2)}`;
      if (value < 1 && value >= 0.995) return `> ${number(0.99, 2)}`;
      return number(value, 2);
    },
    time: (iso) =>
      new Date(iso).toLocaleString(code, { dateStyle: "medium", timeStyle: "short" }),
    bytes: (value) =>
      value < 1e6 ? `${number(Math.ceil(value / 1e3))} kB` : `${number(value / 1e6, 1)} MB`,
  };
}

export function firstLanguage(): LanguageCode {
  const stored = localStorage.getItem(PLACE);
  const wanted = stored ?? navigator.language.slice(0, 2);
  return wanted === "de" ? "de" : "en";
}

export function keepLanguage(code: LanguageCode): void {
  localStorage.setItem(PLACE, code);
}

export const LanguageContext = createContext<Language>(makeLanguage("en"));

export function useLanguage(): Language {
  return useContext(LanguageContext);
}
