/**
 * What came of being ready for the windows in which tenants are expected. A tenant that has been idle for a while gets an appointment
 * if one is due within the hour; it is kept if somebody comes before it or before its patience ends. Returns after an hour
 * and more are counted, and those of them that found the tenant ready.
 */
import { type DurationMs, ms, type Timestamp } from '../domain/units.ts';
import {
  nextPrewarm,
  type Prewarm,
  type PrewarmRules,
  prewarmWasRight,
  prewarmWasWrong,
} from '../policy/forecast-window.ts';
import { HOUR_MS, type Pattern } from '../policy/pattern.ts';
import { replayPatterns } from './pattern-replay.ts';
import type { Trace } from './trace.ts';

const IDLE_MIN = 15;
const AWAY_MIN = HOUR_MS;

export type PrewarmScore = {
  readonly returns: number;
  readonly ready: number;
  readonly hits: number;
  readonly misses: number;
  /** Awake for nobody, after misses, and before people came, after hits. */
  readonly wasted: DurationMs;
  readonly waited: DurationMs;
};

export function prewarmScore(trace: Trace, rules?: PrewarmRules): PrewarmScore {
  const score = { returns: 0, ready: 0, hits: 0, misses: 0, wasted: 0, waited: 0 };
  const due = new Map<Pattern, Prewarm>();
  const last = new Map<Pattern, Timestamp>();
  const settle = (pattern: Pattern, now: Timestamp): void => {
    const prewarm = due.get(pattern);
    if (prewarm === undefined || now <= prewarm.until) return;
    due.delete(pattern);
    const wasted = ms(prewarm.until - prewarm.at);
    prewarmWasWrong(pattern, wasted);
    score.misses++;
    score.wasted += wasted;
  };
  replayPatterns(trace, {
    hour({ pattern, at }) {
      settle(pattern, at);
      if (due.has(pattern) || pattern.recentMinutes(at, IDLE_MIN) > 0) return;
      const prewarm = nextPrewarm(pattern, at, at, rules);
      if (prewarm !== null && prewarm.at < at + HOUR_MS) due.set(pattern, prewarm);
    },
    minute(pattern, { minute }) {
      settle(pattern, minute);
      const isReturn = minute - (last.get(pattern) ?? minute) >= AWAY_MIN;
      last.set(pattern, minute);
      const prewarm = due.get(pattern);
      due.delete(pattern);
      const isReady = prewarm !== undefined && minute >= prewarm.at;
      if (isReturn) score.returns++;
      if (isReturn && isReady) score.ready++;
      if (!isReady) return;
      prewarmWasRight(pattern);
      score.hits++;
      score.waited += minute - prewarm.at;
    },
  });
  return { ...score, wasted: ms(score.wasted), waited: ms(score.waited) };
}
