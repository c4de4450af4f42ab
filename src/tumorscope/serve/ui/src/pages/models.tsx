/** The models of this service, and the card of one of them. */

import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { ModelSummary } from "../api/types";
import { useLanguage } from "../language/language";
import { ProblemNote } from "../parts/problem_note";
import { ModelList } from "../study/model_facts";
import { Prevalence } from "../study/prevalence";

function useModels() {
  const [models, setModels] = useState<ModelSummary[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    api.models().then(setModels, setError);
  }, []);
  return { models, error };
}

export function Models() {
  const { t } = useLanguage();
  const { models, error } = useModels();
  return (
    <main id="main" class="narrow">
      <h1>{t("models")}</h1>
      {error !== null && <ProblemNote error={error} />}
      {models?.map((model) => (
        <section class="card" key={model.id}>
          <h2>
            <a href={`#/models/${encodeURIComponent(model.id)}`}>{model.name}</a>{" "}
            {model.is_default && <span class="state">{t("default_model")}</span>}
            {model.is_shadow && <span class="state">{t("shadow_model")}</span>}
          </h2>
          <ModelList model={model} />
        </section>
      ))}
    </main>
  );
}

export function ModelPage({ id }: { id: string }) {
  const { t } = useLanguage();
  const { models, error } = useModels();
  const [card, setCard] = useState<unknown>(null);
  const [cardError, setCardError] = useState<unknown>(null);
  useEffect(() => {
    api.card(id).then(setCard, setCardError);
  }, [id]);
  const model = models?.find((one) => one.id === id);
  const problem = error ?? cardError;
  return (
    <main id="main" class="narrow">
      <p class="crumb">
        <a href="#/models">← {t("models")}</a>
      </p>
      <h1>{model?.name ?? t("model")}</h1>
      {problem !== null && <ProblemNote error={problem} />}
      {model && (
        <>
          <section class="card" aria-label={t("model")}>
            <ModelList model={model} />
          </section>
          <Prevalence model={model} />
        </>
      )}
      {card !== null && (
        <section class="card" aria-labelledby="card-title">
          <h2 id="card-title">{t("model_card")}</h2>
          <p class="muted">{t("model_card_words")}</p>
          <div lang="en">
            <Value value={card} />
          </div>
        </section>
      )}
    </main>
  );
}

/** Any JSON value as nested lists: a card grows, and all of it should be read. */
function Value({ value }: { value: unknown }) {
  const { t } = useLanguage();
  if (value === null || value === "") return <span class="muted">{t("not_stated")}</span>;
  if (Array.isArray(value)) {
    if (value.length === 0) return <span class="muted">{t("none")}</span>;
    if (value.every((one) => typeof one !== "object"))
      return <span>{value.length > 12 ? t("n_values", { n: value.length }) : value.join(", ")}</span>;
    return (
      <ul class="card-list">
        {value.map((one, index) => (
          <li key={index}>
            <Value value={one} />
          </li>
        ))}
      </ul>
    );
  }
  if (typeof value !== "object") return <span class="card-value">{String(value)}</span>;
  return (
    <dl class="facts card-facts">
      {Object.entries(value as Record<string, unknown>).map(([name, one]) => [
        <dt key={name}>{name.replaceAll("_", " ")}</dt>,
        <dd key={`${name} value`}>
          <Value value={one} />
        </dd>,
      ])}
    </dl>
  );
}
