/** A number with a minus and a plus button: what a drag does, without a drag. */

import { useLanguage } from "../language/language";

interface StepperProps {
  label: string;
  short: string;
  value: number;
  step: number;
  low: number;
  high: number;
  onChange(value: number): void;
}

export function Stepper({ label, short, value, step, low, high, onChange }: StepperProps) {
  const { t } = useLanguage();
  const set = (wanted: number) => {
    if (Number.isFinite(wanted)) onChange(Math.min(high, Math.max(low, wanted)));
  };
  return (
    <div class="stepper" role="group" aria-label={label}>
      <span aria-hidden="true">{short}</span>
      <button type="button" class="icon-button" aria-label={t("less", { what: label })} onClick={() => set(value - step)}>
        −
      </button>
      <input
        type="number"
        aria-label={label}
        value={value}
        min={low}
        max={high}
        step="any"
        onChange={(event) => set(event.currentTarget.valueAsNumber)}
      />
      <button type="button" class="icon-button" aria-label={t("more", { what: label })} onClick={() => set(value + step)}>
        +
      </button>
    </div>
  );
}
