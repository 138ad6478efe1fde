/** A day of UTC that is given as an option. */
import { badOption } from '../failure.ts';

/** The middle of a day: whatever the zone of who asks, the day is of UTC. */
export function dayMoment(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw badOption(option, 'is a day such as 2026-11-01');
  return `${text}T12:00:00.000Z`;
}
