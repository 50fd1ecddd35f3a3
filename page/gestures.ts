/** Two fingers zoom and move, one finger reads; a trackpad's pinch, or the wheel with Ctrl, zooms at the pointer. */

export interface GestureListener {
  /** Two fingers are down: what is shown now is what they hold. */
  held(): void;
  /** They were at these places and are at those, as shares of the width. */
  pinched(before: [number, number], after: [number, number]): void;
  /** One finger is here, in CSS pixels. */
  read(left: number): void;
  /** No finger is there any more. */
  released(): void;
  /** Zoom by this factor around a place. */
  wheeled(factor: number, at: number): void;
}

export function listenForGestures(surface: HTMLElement, listener: GestureListener): void {
  const fingers = new Map<number, number>();
  let before: [number, number] | undefined;
  const place = (event: MouseEvent) => {
    const { left, width } = surface.getBoundingClientRect();
    return (event.clientX - left) / width;
  };
  const two = () => [...fingers.values()].slice(0, 2).sort((a, b) => a - b) as [number, number];
  const hold = () => {
    before = fingers.size >= 2 ? two() : undefined;
    if (before) listener.held();
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, place(event));
    hold();
    if (fingers.size === 1) listener.read(event.offsetX);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, place(event));
    if (before) listener.pinched(before, two());
    else listener.read(place(event) * surface.clientWidth);
  });
  for (const name of ["pointerup", "pointercancel"] as const)
    surface.addEventListener(name, (event) => {
      if (!fingers.delete(event.pointerId)) return;
      hold();
      if (fingers.size === 0) listener.released();
    });
  surface.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const by = Math.max(-50, Math.min(50, event.deltaY));
      listener.wheeled(2 ** (by / 50), place(event));
    },
    { passive: false },
  );
}
