/** A question before something that cannot be taken back. */

import { useEffect, useRef } from "preact/hooks";
import { useLanguage } from "../language/language";

interface ConfirmProps {
  title: string;
  words: string;
  action: string;
  onConfirm(): void;
  onCancel(): void;
}

export function Confirm({ title, words, action, onConfirm, onCancel }: ConfirmProps) {
  const { t } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirm-title" onCancel={onCancel}>
      <h2 id="confirm-title">{title}</h2>
      <p>{words}</p>
      <div class="row-end">
        <button type="button" class="button" autofocus onClick={onCancel}>
          {t("cancel")}
        </button>
        <button type="button" class="button danger" onClick={onConfirm}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
