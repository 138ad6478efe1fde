/** One value for the whole page, kept apart from React, which hears of each change. */
import { useSyncExternalStore } from 'react';

export type Cell<T> = {
  readonly get: () => T;
  readonly set: (next: T) => void;
  /** A hook. */
  readonly use: () => T;
};

export function cell<T>(first: T): Cell<T> {
  let value = first;
  const listeners = new Set<() => void>();
  const listen = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const get = (): T => value;
  const set = (next: T): void => {
    if (Object.is(value, next)) return;
    value = next;
    for (const listener of listeners) listener();
  };
  return { get, set, use: () => useSyncExternalStore(listen, get) };
}
