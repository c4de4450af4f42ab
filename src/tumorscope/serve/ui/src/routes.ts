/** Where the reader is, from the part of the address after #. */

import { useEffect, useState } from "preact/hooks";

export type Route =
  | { page: "list" }
  | { page: "study"; id: string; isReport: boolean }
  | { page: "models" }
  | { page: "model"; id: string };

export function routeOf(hash: string): Route {
  const [first, second, third] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (first === "studies" && second)
    return { page: "study", id: second, isReport: third === "report" };
  if (first === "models") return second ? { page: "model", id: second } : { page: "models" };
  return { page: "list" };
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return routeOf(hash);
}
