/**
 * Whether an idle tenant is worth being awake, now and next, from all that is learned of it: the chance of
 * a return at its idle age (`outlook.ts`), and the hours at which it is used day by day, for which it
 * is awake a little before (`forecast-window.ts`).
 */
import { later, seconds, type Timestamp } from '../domain/units.ts';
import { nextPrewarm, nextWindow } from './forecast-window.ts';
import type { Outlook } from './outlook.ts';
import type { Pattern } from './pattern.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** A wake ahead may be so much too early. */
const EARLY = seconds(45);

export type ForesightFacts = {
  readonly outlook: Outlook;
  readonly pattern: Pattern;
  /** It is promised that it is awake in the hours in which it is used. */
  readonly keepsHours: boolean;
};

/** The outlook with what the pattern of its days adds to it. */
export function foresee(facts: ForesightFacts, now: Timestamp): Outlook {
  const { outlook, pattern, keepsHours } = facts;
  const window = nextWindow(pattern, now);
  if (window === null) return outlook;
  const isInside = window.from <= now;
  if (isInside && keepsHours)
    return awake(outlook, window.to, `it is used until ${hour(window.to)}`);
  const next = nextPrewarm(pattern, now, isInside ? window.to : now);
  if (next === null) return outlook;
  const from = `it is mostly used from ${hour(next.window.from)} on`;
  if (next.at <= later(now, EARLY)) return awake(outlook, next.until, from);
  if (outlook.level === 'L1' || (outlook.awakeAt ?? NEVER) <= next.at) return outlook;
  const until = Math.min(outlook.until, next.at) as Timestamp;
  return { ...outlook, until, awakeAt: next.at };
}

/** At least until then. */
function awake(outlook: Outlook, until: Timestamp, because: string): Outlook {
  if (outlook.level === 'L1' && outlook.until >= until) return outlook;
  return { ...outlook, level: 'L1', until, awakeAt: null, isOpen: false, because };
}

/** `08:55 UTC`. */
const hour = (at: Timestamp): string => `${new Date(at).toISOString().slice(11, 16)} UTC`;
