/** What has happened since the page was opened, for what is drawn live. */
import type { Event } from '../../sdk/index.ts';
import { cell } from './cell.ts';

const KEPT = 200;

const events = cell<readonly Event[]>([]);

/** The latest comes first. */
export const happened = (event: Event): void => events.set([event, ...events.get()].slice(0, KEPT));

/** Who comes next may be somebody else. */
export const forgetAll = (): void => events.set([]);

export const useHistory = events.use;
