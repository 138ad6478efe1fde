/**
 * Where the focus goes when a dialog closes: to what opened it, and if that is gone meanwhile (a row that was deleted, an item
 * of a menu) to the nearest thing around it that is still there. It is never lost to the top of the page.
 */
import { useCallback, useLayoutEffect, useRef } from 'react';

/** As Base UI asks for it when something closes: an element, true for what had the focus before, false for nothing more. */
export function useWayBack(isOpen: boolean): () => HTMLElement | boolean {
  const way = useRef<readonly Element[]>([]);
  useLayoutEffect(() => {
    if (isOpen) way.current = wayFrom(document.activeElement);
  }, [isOpen]);
  return useCallback(() => {
    const back = nearest(way.current);
    if (back === undefined || back.tabIndex >= 0) return back ?? true;
    // Base UI would go on to the first thing in it that can be pressed.
    queueMicrotask(() => back.focus({ preventScroll: true }));
    return false;
  }, []);
}

/** The element, its opener if it is in a menu, and all that they stand in; from the inside out. */
function wayFrom(element: Element | null): readonly Element[] {
  const way: Element[] = [];
  let at = element;
  while (at !== null && at !== document.body) {
    way.push(at);
    const opener = at.getAttribute('role') === 'menu' ? at.getAttribute('aria-labelledby') : null;
    at = opener === null ? at.parentElement : document.getElementById(opener);
  }
  return way;
}

const nearest = (way: readonly Element[]): HTMLElement | undefined =>
  way.find(
    (one): one is HTMLElement =>
      one instanceof HTMLElement && one.isConnected && (one.tabIndex >= 0 || one.id === 'page'),
  );
