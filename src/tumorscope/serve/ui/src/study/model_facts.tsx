/** Which model spoke, and what is known of it. */

import type { ModelSummary } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";

export function ModelFacts({ model }: { model: ModelSummary }) {
  const { t } = useLanguage();
  return (
    <section class="card" aria-labelledby="model-title">
      <h2 id="model-title">{t("model")}</h2>
      <ModelList model={model} />
      <p>
        <a href={`#/models/${encodeURIComponent(model.id)}`}>{t("model_card")}</a>
      </p>
    </section>
  );
}

export function ModelList({ model }: { model: ModelSummary }) {
  const { t } = useLanguage();
  const facts = [
    [t("intended_use"), model.intended_use],
    [t("calibration"), model.calibration],
    [t("conformal"), model.conformal],
    [t("referral"), model.referral],
    [t("input_gate"), model.input_gate],
    [t("training_data"), model.training_data],
  ] as const;
  return (
    <dl class="facts">
      <dt>{t("model_name")}</dt>
      <dd>
        {model.name}, {t("version")} {model.version}
      </dd>
      <dt>{t("weights")}</dt>
      <dd class="digest" title={model.weights_sha256}>
        <code>{model.weights_sha256.slice(0, 16)}…</code>
      </dd>
      {facts
        .filter(([, words]) => words !== "")
        .map(([name, words]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} words`}>
            <ServerWords>{words}</ServerWords>
          </dd>,
        ])}
    </dl>
  );
}
