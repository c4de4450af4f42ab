/** The page as a whole: session, language, theme and the view of the address. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { api, Problem } from "./api/client";
import type { Session, SignInWays } from "./api/types";
import {
  firstLanguage,
  keepLanguage,
  LanguageContext,
  makeLanguage,
  useLanguage,
} from "./language/language";
import { Login } from "./pages/login";
import { ModelPage, Models } from "./pages/models";
import { StudyPage } from "./pages/study_page";
import { WorkList } from "./pages/work_list";
import { KeyHelp } from "./parts/key_help";
import { AnnounceContext, LiveRegion } from "./parts/live_region";
import { PageHead } from "./parts/page_head";
import { ProblemNote } from "./parts/problem_note";
import { applyTheme, firstTheme } from "./parts/theme";
import { useRoute, type Route } from "./routes";

type SessionState =
  | { kind: "asking" }
  | { kind: "signed_out"; ways: SignInWays }
  | { kind: "failed"; error: unknown }
  | { kind: "open"; session: Session };

export function App() {
  const [code, setCode] = useState(firstLanguage);
  const [theme, setTheme] = useState(firstTheme);
  const [words, setWords] = useState("");
  const language = useMemo(() => makeLanguage(code), [code]);
  const route = useRoute();
  const [state, setState] = useState<SessionState>({ kind: "asking" });
  const [asksForKeys, setAsksForKeys] = useState(false);

  useEffect(() => {
    document.documentElement.lang = code;
    keepLanguage(code);
  }, [code]);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    api.session().then(
      (session) => setState({ kind: "open", session }),
      async (error) => setState(await withoutSession(error)),
    );
  }, []);
  const session = state.kind === "open" ? state.session : null;
  const signOut = async () => {
    await api.signOut().catch(() => {});
    setState(await askHowToSignIn());
  };
  return (
    <LanguageContext.Provider value={language}>
      <AnnounceContext.Provider value={setWords}>
        <PageHead
          session={session}
          place={route.page === "model" ? "models" : route.page}
          theme={theme}
          onTheme={setTheme}
          onLanguage={setCode}
          onSignOut={signOut}
          onHelp={() => setAsksForKeys(true)}
        />
        <View
          state={state}
          route={route}
          onSession={(opened) => setState({ kind: "open", session: opened })}
        />
        <LiveRegion words={words} />
        {asksForKeys && <KeyHelp onClose={() => setAsksForKeys(false)} />}
      </AnnounceContext.Provider>
    </LanguageContext.Provider>
  );
}

async function withoutSession(error: unknown): Promise<SessionState> {
  if (error instanceof Problem && error.status === 401) return askHowToSignIn();
  return { kind: "failed", error };
}

async function askHowToSignIn(): Promise<SessionState> {
  try {
    return { kind: "signed_out", ways: await api.signInWays() };
  } catch (error) {
    return { kind: "failed", error };
  }
}

interface ViewProps {
  state: SessionState;
  route: Route;
  onSession(session: Session): void;
}

function View({ state, route, onSession }: ViewProps) {
  const { t } = useLanguage();
  const title = { list: "work_list", study: "study", models: "models", model: "model" } as const;
  useEffect(() => {
    const page = state.kind === "signed_out" ? t("sign_in") : t(title[route.page]);
    document.title = `${page} – Tumorscope`;
  });
  if (state.kind === "asking")
    return (
      <main id="main" class="narrow" aria-busy="true">
        <p class="muted">{t("loading")}</p>
      </main>
    );
  if (state.kind === "failed")
    return (
      <main id="main" class="narrow">
        <h1>Tumorscope</h1>
        <ProblemNote error={state.error} />
      </main>
    );
  if (state.kind === "signed_out")
    return <Login ways={state.ways} onSession={onSession} />;
  const { session } = state;
  if (route.page === "study")
    return (
      <StudyPage key={route.id} id={route.id} session={session} isReport={route.isReport} />
    );
  if (route.page === "models") return <Models />;
  if (route.page === "model") return <ModelPage key={route.id} id={route.id} />;
  return <WorkList session={session} />;
}
