/** What was seen with such scores in testing, as counts of a hundred. */

import type { ModelSummary } from "../api/types";
import { useLanguage } from "../language/language";
import { ServerWords } from "../parts/server_words";

const FEWEST = 10;

export function Frequencies({ model, value }: { model: ModelSummary; value: number }) {
  const { t, number, probability } = useLanguage();
  const bin = model.natural_frequencies.find((one) => value >= one.low && value <= one.high);
  if (bin === undefined || bin.n === 0) return <p class="muted">{t("no_frequencies")}</p>;
  const range = { low: probability(bin.low), high: probability(bin.high) };
  const words =
    bin.n < FEWEST
      ? t("frequency_few", { ...range, n: bin.n, tumors: bin.tumors })
      : t("frequency_is", { ...range, tumors: number((100 * bin.tumors) / bin.n), n: bin.n });
  return (
    <p class="frequency">
      {words}{" "}
      {model.natural_frequencies_words && (
        <span class="muted">
          {t("source")}: <ServerWords>{model.natural_frequencies_words}</ServerWords>
        </span>
      )}
    </p>
  );
}
