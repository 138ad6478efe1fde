import type { Clock } from '../domain/clock.ts';
import { timestamp } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

/** A virtual clock that shows the real date, for talking to those who look at theirs. */
export const wallClock = (): Clock =>
  Object.assign(new VirtualClock(), { wall: () => timestamp(Date.now()) });
