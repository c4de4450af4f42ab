/** One of a few, as buttons in a row: a radio group with the keys of one. */

import { useLanguage, type Key } from "../language/language";
import { Icon, type IconName } from "./icons";

interface ChoiceProps<T extends string> {
  label: string;
  visibleLabel?: boolean;
  value: T;
  options: readonly { value: T; key: Key; icon?: IconName }[];
  onChange(value: T): void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { label, value, options, onChange } = props;
  const { t } = useLanguage();
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const group = event.currentTarget as HTMLElement;
    const at = options.findIndex((option) => option.value === value);
    const to = (at + step + options.length) % options.length;
    onChange(options[to]!.value);
    group.querySelectorAll<HTMLElement>("[role=radio]")[to]!.focus();
  };
  return (
    <div class="choice">
      {props.visibleLabel && <span class="choice-label">{label}</span>}
      <div class="choice-row" role="radiogroup" aria-label={label} onKeyDown={move}>
        {options.map((option) => (
          <button
            key={option.value}
            type="button"
            role="radio"
            aria-checked={option.value === value}
            tabIndex={option.value === value ? 0 : -1}
            onClick={() => onChange(option.value)}
          >
            {option.icon && <Icon name={option.icon} />}
            {t(option.key)}
          </button>
        ))}
      </div>
    </div>
  );
}
