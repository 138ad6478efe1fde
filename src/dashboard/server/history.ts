/** What has happened since the page was opened, for what is drawn live. */
import { useSyncExternalStore } from 'react';
import type { Event } from '../../sdk/index.ts';

const KEPT = 200;

let events: readonly Event[] = [];
const listeners = new Set<() => void>();

/** The latest comes first. */
export function happened(event: Event): void {
  events = [event, ...events].slice(0, KEPT);
  for (const listener of listeners) listener();
}

export function useHistory(): readonly Event[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => events,
  );
}
