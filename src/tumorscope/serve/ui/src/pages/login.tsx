/** Signing in. Plain fields, so that pasting and password managers work. */

import { useState } from "preact/hooks";
import { api, Problem } from "../api/client";
import type { Session, SignInWays } from "../api/types";
import { useLanguage } from "../language/language";
import { ProblemNote } from "../parts/problem_note";

interface LoginProps {
  ways: SignInWays;
  onSession(session: Session): void;
}

export function Login({ ways, onSession }: LoginProps) {
  const { t } = useLanguage();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      onSession(await api.signIn(String(form.get("name")), String(form.get("password"))));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main id="main" class="login">
      <h1>{t("sign_in")}</h1>
      {failedThere() && (
        <div class="note note-refuse" role="alert">
          <p>{t("sign_in_organization_failed")}</p>
        </div>
      )}
      {ways.redirect !== null && (
        <a class="button primary" href={new URL(ways.redirect.replace(/^\//, ""), document.baseURI).href}>
          {t("sign_in_organization")}
        </a>
      )}
      <form class="card" onSubmit={signIn}>
        <label for="name">{t("account_name")}</label>
        <input
          id="name"
          name="name"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
        />
        <label for="password">{t("password")}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
        />
        <button type="submit" class="button primary" disabled={busy}>
          {t("sign_in")}
        </button>
        {error !== null && <LoginProblem error={error} />}
      </form>
      <p class="muted">{t("sign_in_help")}</p>
    </main>
  );
}

/** Whether the service sent the browser back from the organization's page with nobody. */
function failedThere(): boolean {
  return new URLSearchParams(location.search).get("sign_in") === "failed";
}

function LoginProblem({ error }: { error: unknown }) {
  const { t } = useLanguage();
  if (!(error instanceof Problem) || ![401, 429].includes(error.status))
    return <ProblemNote error={error} />;
  return (
    <div class="note note-refuse" role="alert">
      <p>{t(error.status === 401 ? "sign_in_failed" : "sign_in_too_often")}</p>
    </div>
  );
}
