/**
 * Says whose secret it is, without asking the catalog each time.
 *
 * A key is known for half a minute, so that this is how long one may live that another server has revoked; what this
 * one does to a key holds at once. The session of a browser in which a key was shown is that key by another secret: it may what the key
 * may, and is nothing without it. What is asked for again and again and is not there is remembered as well: guessing
 * costs the catalog nothing. When and from where keys are used is written together, once a minute.
 */
import {
  type ApiKey,
  type KeyStore,
  type KeyUse,
  keyBehind,
  openerOf,
  type StoredKey,
} from '../../domain/api-key.ts';
import { ADMIN, type Caller } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import { isId, type KeyId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { Secrecy } from '../../domain/secrecy.ts';
import {
  elapsed,
  type Instant,
  later,
  minutes,
  ms,
  seconds,
  type Timestamp,
} from '../../domain/units.ts';

const KNOWN_FOR = seconds(30);
const KNOWN_MAX = 20_000;
const USES_WRITTEN_EVERY = minutes(1);
const USES_AT_ONCE = 1_000;

/** Sessions and personal keys that have expired are kept this long, to be told apart from wrong ones. */
const EXPIRED_KEPT_FOR = minutes(60 * 24 * 7);
const FORGET_EVERY = minutes(60);
const FORGOTTEN_AT_ONCE = 500;

const SECRET = /^dyb_([0-9a-z]{12})_[\w-]{43}$/;

export type KeyRingWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: KeyStore;
  readonly secrecy: Secrecy;
  /** `createdBy` of the sessions of the admin key. */
  readonly adminOpener: string;
};

type Known = { readonly since: Instant; readonly stored: Promise<StoredKey | undefined> };

/** A caller, and the key it has shown. */
export type KeyHolder = { readonly caller: Caller; readonly key: ApiKey };

export class KeyRing {
  readonly #world: KeyRingWorld;
  readonly #known = new Map<string, Known>();
  #uses = new Map<KeyId, KeyUse>();
  #timers: readonly (() => void)[] = [];
  readonly #unknown: Uint8Array;

  constructor(world: KeyRingWorld) {
    this.#world = world;
    this.#unknown = world.secrecy.hash('');
  }

  /** From now on uses are written, and what has expired is forgotten. */
  start(): void {
    this.#timers = [
      this.#again(USES_WRITTEN_EVERY, () => this.#writeUses()),
      this.#again(FORGET_EVERY, () => this.#forgetExpired()),
    ];
  }

  /** Writes what is left to be written. */
  async close(): Promise<void> {
    for (const stop of this.#timers) stop();
    await this.#writeUses();
  }

  /** Whether `text` has the form of a secret of ours. */
  fits(text: string): boolean {
    return SECRET.test(text);
  }

  /** Throws `KEY_WRONG`; `KEY_EXPIRED` to who has the secret of one that was right. */
  async holderOf(secret: string, from: string): Promise<KeyHolder> {
    const { clock, secrecy } = this.#world;
    const id = `key_${SECRET.exec(secret)?.[1]}`;
    const sent = secrecy.hash(secret);
    const stored = isId('key', id) ? await this.#stored(id) : undefined;
    const now = clock.wall();
    const isRight = secrecy.equal(sent, stored?.hash ?? this.#unknown);
    const isOld = secrecy.equal(sent, stored?.oldHash ?? this.#unknown);
    if (stored === undefined || !(isRight || isOld)) throw fault('KEY_WRONG', {});
    const { key } = stored;
    const until = isRight ? key.expiresAt : earlier(key.expiresAt, key.oldUntil);
    if (hasEnded(until, now)) throw fault('KEY_EXPIRED', {});
    const caller =
      key.kind === 'session'
        ? await this.#callerBehind(key)
        : { ...callerOf(key), opens: { by: openerOf(key.id), until } };
    this.#uses.set(key.id, { id: key.id, at: now, from });
    return { caller, key };
  }

  /** Who has opened a session. Throws `KEY_WRONG` and `KEY_EXPIRED` where the key that did is gone or has ended. */
  async #callerBehind(session: ApiKey): Promise<Caller> {
    const { adminOpener, clock } = this.#world;
    const id = keyBehind(session);
    if (id === undefined) {
      if (session.person !== null) return callerOf(session);
      if (session.createdBy !== adminOpener) throw fault('KEY_WRONG', {});
      return ADMIN;
    }
    const behind = await this.#stored(id);
    if (behind === undefined) throw fault('KEY_WRONG', {});
    if (hasEnded(behind.key.expiresAt, clock.wall())) throw fault('KEY_EXPIRED', {});
    return callerOf(behind.key);
  }

  /** It is another now, or gone. */
  forget(id: KeyId): void {
    this.#known.delete(id);
  }

  /** Many may be others now. */
  forgetAll(): void {
    this.#known.clear();
  }

  #stored(id: KeyId): Promise<StoredKey | undefined> {
    const { clock, store } = this.#world;
    const known = this.#known.get(id);
    if (known !== undefined && elapsed(known.since, clock.now()) < KNOWN_FOR) return known.stored;
    const fresh: Known = { since: clock.now(), stored: store.byId(id) };
    // Moved to the end: the first is the one that was asked for longest ago.
    this.#known.delete(id);
    this.#known.set(id, fresh);
    fresh.stored.catch(() => {
      if (this.#known.get(id) === fresh) this.#known.delete(id);
    });
    if (this.#known.size > KNOWN_MAX) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return fresh.stored;
  }

  #again(every: typeof USES_WRITTEN_EVERY, work: () => Promise<void>): () => void {
    const { clock } = this.#world;
    let isOver = false;
    let stop = (): void => {};
    const next = (): void => {
      if (isOver) return;
      stop = clock.timer(every, () => void work().finally(next));
    };
    next();
    return () => {
      isOver = true;
      stop();
    };
  }

  async #writeUses(): Promise<void> {
    const { log, store } = this.#world;
    const uses = [...this.#uses.values()];
    this.#uses = new Map();
    try {
      for (let first = 0; first < uses.length; first += USES_AT_ONCE) {
        await store.noteUses(uses.slice(first, first + USES_AT_ONCE));
      }
    } catch (error) {
      log.warn('last uses of keys not written', { keys: uses.length, error });
    }
  }

  async #forgetExpired(): Promise<void> {
    const { clock, log, store } = this.#world;
    try {
      await store.forgetExpired(later(clock.wall(), ms(-EXPIRED_KEPT_FOR)), FORGOTTEN_AT_ONCE);
    } catch (error) {
      log.warn('expired sessions not forgotten', { error });
    }
  }
}

/** The first of both; null for never. */
const earlier = (one: Timestamp | null, other: Timestamp | null): Timestamp | null =>
  one === null || (other !== null && other < one) ? other : one;

const hasEnded = (until: Timestamp | null, now: Timestamp): boolean =>
  until !== null && until <= now;

/** Who has logged in acts as that person, whatever holds the key. */
function callerOf(key: ApiKey): Caller {
  const { id, name, kind, person, scope, role, isReadOnly, expiresAt } = key;
  if (kind === 'key' || person === null) {
    const end = expiresAt === null ? {} : { endsAt: expiresAt };
    return { kind: 'key', id, name, scope, role, isReadOnly, ...end };
  }
  return { kind: 'person', id: person, name: person, scope, role, isReadOnly };
}
