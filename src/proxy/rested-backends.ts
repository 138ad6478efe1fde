/** The backends of one tenant that nobody has, cleared and ready for the next of their identity. */
import type { Clock } from '../domain/clock.ts';
import { after, elapsed, type Instant, seconds } from '../domain/units.ts';
import type { Identity, PooledBackend } from './pooled-backend.ts';

/** For a backend at rest to be taken by another session. */
const REST_MAX = seconds(30);

/** PostgreSQL waits this long itself for others to leave a database. */
const CLOSED_FOR = seconds(5);

export class RestedBackends {
  readonly #clock: Clock;
  /** The one least lately used first, and used last: so many are kept warm as are needed, and the others go. */
  readonly #backends: PooledBackend[] = [];
  #closedUntil = 0 as Instant;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(backend: PooledBackend): void {
    if (this.#clock.now() < this.#closedUntil) {
      backend.leave(this.#clock);
      return;
    }
    backend.restsSince = this.#clock.now();
    backend.owner = {
      // Nobody asked: a setting that was reloaded, or its last words. There are others.
      fromBackend: () => {
        this.#discard(backend);
        return false;
      },
      backendDrained: () => {},
      backendEnded: () => this.#discard(backend),
    };
    this.#backends.push(backend);
  }

  /** Nobody comes in for a while, and who is in goes: a database is to be left alone. */
  close(): void {
    this.discardAll();
    this.#closedUntil = after(this.#clock.now(), CLOSED_FOR);
  }

  /** Whether it was here; it is the caller's from now on. */
  retake(backend: PooledBackend): boolean {
    const at = this.#backends.lastIndexOf(backend);
    if (at >= 0) this.#backends.splice(at, 1);
    return at >= 0;
  }

  /** One of this identity, which is the caller's from now on; cleared, as `heirOf` has left it, or as anybody has. */
  take(identity: Identity, isCleared = true, heirOf?: object): PooledBackend | undefined {
    const at = this.#backends.findLastIndex(({ identity: own, lastUser }) => {
      const isFit = (lastUser === null) === isCleared || lastUser === heirOf;
      return own === identity && isFit;
    });
    return at < 0 ? undefined : this.#backends.splice(at, 1)[0];
  }

  /** Lets the one go that was used least lately. False if there is none. */
  discardOldest(): boolean {
    const [oldest] = this.#backends;
    if (oldest !== undefined) this.#discard(oldest);
    return oldest !== undefined;
  }

  discardAll(): void {
    for (const backend of [...this.#backends]) this.#discard(backend);
  }

  /** Lets those go that nobody has wanted for long. */
  sweep(now: Instant): void {
    for (const backend of [...this.#backends]) {
      if (elapsed(backend.restsSince, now) >= REST_MAX) this.#discard(backend);
    }
  }

  /** It is closed. */
  forget(backend: PooledBackend): void {
    this.retake(backend);
  }

  #discard(backend: PooledBackend): void {
    this.retake(backend);
    backend.leave(this.#clock);
  }
}
