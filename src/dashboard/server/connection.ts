/** Whether the stream of events stands. Kept apart from React: it is one for the page. */
import { useSyncExternalStore } from 'react';

export type Connection = 'connecting' | 'live' | 'lost';

let state: Connection = 'connecting';
const listeners = new Set<() => void>();

function become(next: Connection): void {
  if (state === next) return;
  state = next;
  for (const listener of listeners) listener();
}

export const heard = (): void => become('live');

export const lost = (): void => become('lost');

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
