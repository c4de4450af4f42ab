/** Top of every view: the banner that cannot be closed, the way around, the settings. */

import type { Session } from "../api/types";
import { LANGUAGES, useLanguage, type LanguageCode } from "../language/language";
import { Icon } from "./icons";
import type { Theme } from "./theme";

export interface PageHeadProps {
  session: Session | null;
  place: string;
  theme: Theme;
  onTheme(theme: Theme): void;
  onLanguage(code: LanguageCode): void;
  onSignOut(): void;
  onHelp(): void;
}

export function PageHead(props: PageHeadProps) {
  const { session, place, theme } = props;
  const { t, code } = useLanguage();
  const current = (part: string) => (place === part ? ("page" as const) : undefined);
  return (
    <header class="page-head">
      <a class="skip" href="#main" onClick={skipToMain}>
        {t("skip")}
      </a>
      <p class="banner">
        <strong>{t("banner_short")}</strong> {t("banner_rest")}
      </p>
      <div class="head-row">
        <a class="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <ellipse cx="16" cy="16" rx="10.5" ry="13" />
            <path d="M16 3v26" />
            <circle cx="11.5" cy="12.5" r="3.4" />
          </svg>
          Tumorscope
        </a>
        {session && (
          <nav aria-label={t("navigation")}>
            <a href="#/" aria-current={current("list")}>
              {t("work_list")}
            </a>
            <a href="#/models" aria-current={current("models")}>
              {t("models")}
            </a>
          </nav>
        )}
        <div class="head-end">
          {session && (
            <button type="button" class="quiet" onClick={props.onHelp}>
              {t("keys")}
            </button>
          )}
          <button
            type="button"
            class="quiet"
            aria-pressed={theme === "light"}
            onClick={() => props.onTheme(theme === "light" ? "dark" : "light")}
          >
            <Icon name="sun" /> {t("light_theme")}
          </button>
          <label class="field-inline">
            <span class="hidden-label">{t("language")}</span>
            <select
              value={code}
              onChange={(event) => props.onLanguage(event.currentTarget.value as LanguageCode)}
            >
              {LANGUAGES.map((one) => (
                <option key={one.code} value={one.code} lang={one.code}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
          {session && session.auth !== "none" && (
            <>
              <span class="account">{session.account.name}</span>
              <button type="button" class="quiet" onClick={props.onSignOut}>
                {t("sign_out")}
              </button>
            </>
          )}
        </div>
      </div>
    </header>
  );
}

/** The address after # is the route, so the jump is made by hand. */
function skipToMain(event: Event): void {
  event.preventDefault();
  const main = document.getElementById("main");
  main?.setAttribute("tabindex", "-1");
  main?.focus();
}
