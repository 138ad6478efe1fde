/** Who used a tenant last, for sessions that are gone before anybody looks, and who waited for its wake. */
import type { SessionClient } from '../domain/gate.ts';
import type { Instant } from '../domain/units.ts';
import type { PooledSession } from './pooled-session.ts';

export class LastUse {
  /** When somebody who counts last came or left. */
  at = 0 as Instant;
  /** Who left first since the compute has woken, until that is told. */
  #left: SessionClient | null = null;
  #waited = 0;
  #isFresh = false;

  /** The compute is there, for which so many have waited. */
  woken(waited: number): void {
    this.#waited += waited;
    this.#isFresh = true;
  }

  left(session: PooledSession, now: Instant): void {
    if (session.idleness.isCounted) this.at = now;
    if (!this.#isFresh) return;
    this.#isFresh = false;
    this.#left = clientOf(session, now);
  }

  /** What is to be told of a wake, once. */
  told(): { readonly waited?: number; readonly left: SessionClient | null } {
    const [waited, left] = [this.#waited, this.#left];
    this.#waited = 0;
    this.#left = null;
    return waited === 0 ? { left } : { waited, left };
  }
}

export function clientOf(session: PooledSession, now: Instant): SessionClient {
  const { role, applicationName, from, visitor, statement = null } = session.view(now);
  return { role, applicationName, from, visitor, statement };
}
