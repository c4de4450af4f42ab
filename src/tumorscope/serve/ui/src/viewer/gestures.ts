/** Mouse, touch and wheel on a picture. What they mean is decided by the pane. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export type Tool = "window" | "pan" | "zoom" | "point" | "box";

export interface Gestures {
  scroll(slices: number): void;
  /** Change of window: shares of the starting width. */
  window(width: number, center: number, isStart: boolean): void;
  pan(dx: number, dy: number): void;
  zoom(factor: number): void;
  /** A press without a drag, in CSS pixels of the pane. */
  click(x: number, y: number): void;
  /** A dragged rectangle while marking a box. */
  box(x0: number, y0: number, x1: number, y1: number, isDone: boolean): void;
  reset(): void;
}

type Action = "scroll" | "window" | "pan" | "zoom" | "mark" | "pinch";

const DRAG_PX = 4;
const SLICE_PX = 10;
const WHEEL_PX = 40;

interface Held {
  action: Action;
  startX: number;
  startY: number;
  lastX: number;
  lastY: number;
  moved: boolean;
}

function actionOf(event: PointerEvent, tool: Tool): Action {
  if (event.pointerType !== "touch") {
    if (event.button === 1 || event.shiftKey) return "pan";
    if (event.button === 2) return "zoom";
  }
  if (tool === "point" || tool === "box") return "mark";
  // A finger that moves over a picture wants the next slice.
  return event.pointerType === "touch" && tool === "window" ? "scroll" : tool;
}

export function useGestures(target: RefObject<HTMLElement | null>, tool: Tool, gestures: Gestures): void {
  const now = useRef({ tool, gestures });
  now.current = { tool, gestures };
  useEffect(() => {
    const element = target.current;
    return element === null ? undefined : listen(element, () => now.current);
  }, []);
}

function listen(element: HTMLElement, now: () => { tool: Tool; gestures: Gestures }): () => void {
  const stop = new AbortController();
  const options = { signal: stop.signal, passive: false } as const;
  const fingers = new Map<number, { x: number; y: number }>();
  let held: Held | null = null;
  let spread = 0;
  let wheel = 0;

  const place = (event: PointerEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const fingersNow = () => {
    const [a, b] = [...fingers.values()];
    return {
      spread: Math.hypot(a!.x - b!.x, a!.y - b!.y),
      x: (a!.x + b!.x) / 2,
      y: (a!.y + b!.y) / 2,
    };
  };

  const press = (event: PointerEvent) => {
    const { x, y } = place(event);
    element.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") fingers.set(event.pointerId, { x, y });
    const action = fingers.size === 2 ? "pinch" : actionOf(event, now().tool);
    held = { action, startX: x, startY: y, lastX: x, lastY: y, moved: false };
    if (action === "pinch") {
      const both = fingersNow();
      spread = both.spread;
      Object.assign(held, { lastX: both.x, lastY: both.y });
    }
  };

  const pinch = (current: Held, gestures: Gestures) => {
    const both = fingersNow();
    gestures.zoom(both.spread / Math.max(spread, 1));
    gestures.pan(both.x - current.lastX, both.y - current.lastY);
    spread = both.spread;
    Object.assign(current, { lastX: both.x, lastY: both.y });
  };

  const move = (event: PointerEvent) => {
    if (held === null) return;
    const { x, y } = place(event);
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, { x, y });
    const { gestures } = now();
    if (held.action === "pinch") {
      if (fingers.size === 2) pinch(held, gestures);
      return;
    }
    const isStart = !held.moved;
    held.moved ||= Math.hypot(x - held.startX, y - held.startY) > DRAG_PX;
    if (!held.moved) return;
    drag(held, x, y, isStart, gestures);
  };

  const drag = (current: Held, x: number, y: number, isStart: boolean, gestures: Gestures) => {
    const [dx, dy] = [x - current.lastX, y - current.lastY];
    if (current.action === "scroll") {
      const slices = Math.trunc((current.lastY - y) / SLICE_PX);
      if (slices !== 0) gestures.scroll(slices);
      current.lastY -= slices * SLICE_PX;
      return;
    }
    if (current.action === "window")
      gestures.window((x - current.startX) / 250, (y - current.startY) / 250, isStart);
    else if (current.action === "pan") gestures.pan(dx, dy);
    else if (current.action === "zoom") gestures.zoom(Math.exp(-dy / 150));
    else if (now().tool === "box") gestures.box(current.startX, current.startY, x, y, false);
    current.lastX = x;
    current.lastY = y;
  };

  const release = (event: PointerEvent) => {
    const { x, y } = place(event);
    fingers.delete(event.pointerId);
    const { gestures, tool } = now();
    if (held !== null && event.type === "pointerup" && held.action !== "pinch") {
      if (!held.moved && event.button === 0) gestures.click(x, y);
      else if (held.moved && held.action === "mark" && tool === "box")
        gestures.box(held.startX, held.startY, x, y, true);
    }
    held = null;
  };

  const roll = (event: WheelEvent) => {
    event.preventDefault();
    const step = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 40;
    if (event.ctrlKey) return now().gestures.zoom(Math.exp(-step / 300));
    wheel += step;
    const slices = Math.trunc(wheel / WHEEL_PX);
    if (slices === 0) return;
    wheel = 0;
    // One notch is one slice, however far the system scrolls for it.
    now().gestures.scroll(-Math.sign(slices) * Math.min(Math.abs(slices), step % 100 === 0 ? 1 : 3));
  };

  element.addEventListener("pointerdown", press, options);
  element.addEventListener("pointermove", move, options);
  element.addEventListener("pointerup", release, options);
  element.addEventListener("pointercancel", release, options);
  element.addEventListener("wheel", roll, options);
  element.addEventListener("dblclick", () => now().gestures.reset(), options);
  element.addEventListener("contextmenu", (event) => event.preventDefault(), options);
  return () => stop.abort();
}
