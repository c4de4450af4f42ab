/** What the keys do while a picture has the focus. */

type Point = { x: number; y: number };

export interface PaneActions {
  last: number;
  onSlice(change: (slice: number) => number): void;
  onZoom(factor: number): void;
  onReset(): void;
  /** While marking, arrows move a cross and Enter sets it. */
  cursor: { at: Point; move(point: Point): void; set(point: Point): void } | null;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function sliceChange(key: string, last: number): ((slice: number) => number) | null {
  const page = Math.max(1, Math.round((last + 1) / 10));
  const steps: Record<string, number> = {
    ArrowUp: 1,
    ArrowRight: 1,
    ArrowDown: -1,
    ArrowLeft: -1,
    PageUp: page,
    PageDown: -page,
  };
  if (key === "Home") return () => 0;
  if (key === "End") return () => last;
  const step = steps[key];
  return step === undefined ? null : (slice) => slice + step;
}

function moveCursor(event: KeyboardEvent, cursor: NonNullable<PaneActions["cursor"]>): boolean {
  const arrow = ARROWS[event.key];
  if (arrow !== undefined) {
    const step = event.shiftKey ? 10 : 1;
    cursor.move({ x: cursor.at.x + arrow[0] * step, y: cursor.at.y + arrow[1] * step });
    return true;
  }
  if (event.key !== "Enter" && event.key !== " ") return false;
  cursor.set(cursor.at);
  return true;
}

export function paneKeys(actions: PaneActions): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (actions.cursor !== null && moveCursor(event, actions.cursor)) {
      event.preventDefault();
      return;
    }
    const change = sliceChange(event.key, actions.last);
    if (change !== null) actions.onSlice(change);
    else if (event.key === "+" || event.key === "=") actions.onZoom(1.25);
    else if (event.key === "-") actions.onZoom(0.8);
    else if (event.key === "0") actions.onReset();
    else return;
    event.preventDefault();
  };
}
