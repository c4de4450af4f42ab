/** Words of the server. They are English, and marked so for screen readers. */

import type { ComponentChildren } from "preact";
import { useLanguage } from "../language/language";

export function ServerWords({ children }: { children: ComponentChildren }) {
  const { code } = useLanguage();
  return code === "en" ? <>{children}</> : <span lang="en">{children}</span>;
}
