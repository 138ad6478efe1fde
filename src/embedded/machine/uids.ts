/**
 * Hands out user ids to computes, each to one only.
 *
 * A counter walks through the range, so that the id of a deleted tenant comes back as late as can
 * be: a stray file of the old one then belongs to nobody. Once the range is used up it begins anew
 * and skips what is in use. The counter is a file, because two servers may share a directory. Where
 * it begins is left to chance, so that two directories on one machine rarely share an id.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import { ms } from '../../domain/units.ts';
import { staying } from '../staying.ts';
import { ensureDir, isErrno, writeDurably } from './durable.ts';
import type { OsCalls } from './os.ts';

/** Both ends belong to the range. */
export type UidRange = { readonly first: number; readonly last: number };

export type UidParts = {
  /** Where the counter is kept. */
  readonly dir: string;
  readonly range: UidRange;
  /** The first id ever tried, of the range. */
  readonly begin: number;
  readonly os: OsCalls;
  readonly clock: Clock;
  /** The ids that files of computes, or people, have now. */
  readonly inUse: () => Promise<ReadonlySet<number>>;
};

const RETRY_EVERY = ms(5);
const RETRIES_MAX = 2_000;

export class Uids {
  readonly #parts: UidParts;
  #inUse: Promise<ReadonlySet<number>> | undefined;
  readonly #given = new Set<number>();

  constructor(parts: UidParts) {
    this.#parts = parts;
  }

  /** An id that nobody has. Throws `NO_UIDS` when the range is used up. */
  take(): Promise<number> {
    return staying(() => this.#take());
  }

  async #take(): Promise<number> {
    const { dir, range, begin } = this.#parts;
    await ensureDir(dir, 0o700);
    const release = await this.#locked(join(dir, 'lock'));
    try {
      const counter = join(dir, 'next');
      const start = await readCounter(counter, range, begin);
      const uid = (await this.#freeFrom(start, range.last)) ?? (await this.#freeAnew(start));
      if (uid === undefined) {
        const why = `all of ${range.first} to ${range.last} are in use`;
        throw fault('NO_UIDS', { why });
      }
      await writeDurably(counter, `${uid + 1}\n`);
      this.#given.add(uid);
      return uid;
    } finally {
      release();
    }
  }

  async #freeFrom(start: number, end: number): Promise<number | undefined> {
    this.#inUse ??= this.#parts.inUse();
    const inUse = await this.#inUse;
    for (let uid = start; uid <= end; uid++) {
      if (!inUse.has(uid) && !this.#given.has(uid)) return uid;
    }
    return undefined;
  }

  /** From the beginning of the range, with a fresh look at what is in use. */
  #freeAnew(start: number): Promise<number | undefined> {
    this.#inUse = this.#parts.inUse();
    this.#given.clear();
    return this.#freeFrom(this.#parts.range.first, start - 1);
  }

  async #locked(path: string): Promise<() => void> {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      if (this.#parts.os.tryLock(fd)) return () => closeSync(fd);
      await this.#parts.clock.sleep(RETRY_EVERY);
    }
    closeSync(fd);
    throw new Error('the counter of user ids stays locked');
  }
}

/** The next id to try, inside the range or one behind its end. */
async function readCounter(
  path: string,
  { first, last }: UidRange,
  begin: number,
): Promise<number> {
  try {
    const next = Number((await readFile(path, 'utf8')).trim());
    return Number.isInteger(next) && next >= first && next <= last + 1 ? next : begin;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return begin;
    throw error;
  }
}
