/** All keys in one place. */

import { useEffect, useRef } from "preact/hooks";
import { useLanguage, type Key } from "../language/language";

const KEYS: readonly { keys: string; words: Key }[] = [
  { keys: "↑ ↓ ← →", words: "keys_slice" },
  { keys: "Page ↑ Page ↓", words: "keys_page" },
  { keys: "Home End", words: "keys_ends" },
  { keys: "+ − 0", words: "keys_zoom" },
  { keys: "O", words: "keys_overlay" },
  { keys: "Enter", words: "keys_mark" },
];
const MOUSE: readonly Key[] = ["mouse_wheel", "mouse_drag", "mouse_right", "mouse_shift", "touch_words"];

export function KeyHelp({ onClose }: { onClose(): void }) {
  const { t } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">{t("keys_title")}</h2>
      <dl class="facts keys">
        {KEYS.map(({ keys, words }) => [
          <dt key={keys}>
            <kbd>{keys}</kbd>
          </dt>,
          <dd key={words}>{t(words)}</dd>,
        ])}
      </dl>
      <ul class="notes">
        {MOUSE.map((words) => (
          <li key={words}>{t(words)}</li>
        ))}
      </ul>
      <div class="row-end">
        <button type="button" class="button" autofocus onClick={() => dialog.current?.close()}>
          {t("close")}
        </button>
      </div>
    </dialog>
  );
}
