import type { Parking } from './parking.ts';

/** A session as its pool sees it, whichever way it comes to its backends. */
export type PooledSession = Pick<Parking, keyof Parking>;
