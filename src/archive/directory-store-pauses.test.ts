/** A writer that is stopped before any of its system calls, for any time, harms nobody when it goes on. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keysOf } from '../testing/store-contract.ts';
import { wallClock } from '../testing/wall-clock.ts';
import { openDirectoryStore } from './directory-store.ts';
import { type Disk, realDisk } from './directory-store-disk.ts';
import type { Store } from './store.ts';

/** More than the calls of any write. */
const CALLS_MAX = 60;

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-pauses-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const opened = (path: string, disk: Disk = realDisk): Promise<Store> =>
  openDirectoryStore({ path, clock: wallClock(), disk });

/** A disk that stops before its call number `at`, counted from `arm`, until `release`. */
class PausedDisk {
  readonly reached: Promise<void>;
  readonly disk: Disk;
  #reach = (): void => {};
  #left = Number.POSITIVE_INFINITY;
  #release = (): void => {};
  readonly #released: Promise<void>;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
    const paused = this.#paused(realDisk);
    const open: Disk['open'] = async (...args) => this.#paused(await paused.open(...args));
    this.disk = { ...paused, open };
  }

  arm(at: number): void {
    this.#left = at;
  }

  release(): void {
    this.#release();
  }

  /** `target`, whose every function waits for its turn. */
  #paused<T extends object>(target: T): T {
    const methods: Record<string | symbol, unknown> = {};
    const wrap =
      (method: (...args: never[]) => unknown) =>
      async (...args: readonly unknown[]): Promise<unknown> => {
        if (this.#left-- === 0) {
          this.#reach();
          await this.#released;
        }
        return Reflect.apply(method, target, args);
      };
    if (target === (realDisk as object)) {
      for (const [name, call] of Object.entries(realDisk)) methods[name] = wrap(call as never);
      return methods as T;
    }
    return new Proxy(target, {
      get: (_, key) => {
        const member: unknown = Reflect.get(target, key);
        return typeof member === 'function' ? wrap(member as never) : member;
      },
    });
  }
}

type Round<T> = {
  /** What the stopped writer does. */
  readonly write: (stopped: Store) => Promise<T>;
  /** What happens while it is stopped. */
  readonly meanwhile: (other: Store) => Promise<void>;
  readonly check: (result: T, other: Store, path: string) => Promise<void>;
};

/** Plays a round for every call of the writer; returns how many those were. */
async function atEveryCall<T>(prepare: (other: Store) => Promise<Round<T>>): Promise<number> {
  for (let at = 0; at < CALLS_MAX; at++) {
    const path = join(dir, String(at));
    const other = await opened(path);
    const paused = new PausedDisk();
    const stopped = await opened(path, paused.disk);
    const { write, meanwhile, check } = await prepare(other);
    paused.arm(at);
    const writing = write(stopped);
    const done = writing.then(() => 'done' as const);
    const first = await Promise.race([paused.reached.then(() => 'reached' as const), done]);
    await meanwhile(other);
    paused.release();
    await check(await writing, other, path);
    if (first === 'done') return at;
  }
  throw new Error('a write has more calls than are tried');
}

const text = async (store: Store, key: string): Promise<string | undefined> =>
  (await store.read(key))?.bytes.toString();

const drafts = (path: string): readonly string[] => readdirSync(join(path, '.new'));

const versionFiles = (path: string): number =>
  readdirSync(path, { recursive: true }).filter((name) => /~.*~/.test(String(name))).length;

test('of two creates one is done, wherever the other was stopped', async () => {
  const calls = await atEveryCall(async () => {
    let theirs: boolean;
    return {
      write: (stopped) => stopped.create('a/b', Buffer.from('stopped')),
      meanwhile: async (other) => {
        theirs = await other.create('a/b', Buffer.from('other'));
      },
      check: async (ours, other, path) => {
        expect([ours, theirs].filter((made) => made)).toHaveLength(1);
        expect(await text(other, 'a/b')).toBe(ours ? 'stopped' : 'other');
        expect(drafts(path)).toEqual([]);
      },
    };
  });
  expect(calls).toBeGreaterThan(8);
});

test('of two swaps one is done, wherever the other was stopped', async () => {
  const calls = await atEveryCall(async (store) => {
    const version = await store.swap('p', Buffer.from('0'), null);
    let theirs: string | null;
    return {
      write: (stopped) => stopped.swap('p', Buffer.from('stopped'), version),
      meanwhile: async (other) => {
        theirs = await other.swap('p', Buffer.from('other'), version);
      },
      check: async (ours, other, path) => {
        expect([ours, theirs].filter((made) => made !== null)).toHaveLength(1);
        expect(await text(other, 'p')).toBe(ours === null ? 'other' : 'stopped');
        expect((await other.read('p'))?.version).toBe(ours ?? theirs);
        expect(versionFiles(path)).toBe(1);
      },
    };
  });
  expect(calls).toBeGreaterThan(8);
});

test('of two first versions one is written, wherever the other was stopped', async () => {
  await atEveryCall(async () => {
    let theirs: string | null;
    return {
      write: (stopped) => stopped.swap('h/p', Buffer.from('stopped'), null),
      meanwhile: async (other) => {
        theirs = await other.swap('h/p', Buffer.from('other'), null);
      },
      check: async (ours, other, path) => {
        expect([ours, theirs].filter((made) => made !== null)).toHaveLength(1);
        expect((await other.read('h/p'))?.version).toBe(ours ?? theirs);
        expect(drafts(path)).toEqual([]);
      },
    };
  });
});

test('a swap that was stopped over a deletion does not come back', async () => {
  await atEveryCall(async (store) => {
    const version = await store.swap('h/p', Buffer.from('0'), null);
    return {
      write: (stopped) => stopped.swap('h/p', Buffer.from('stopped'), version),
      meanwhile: async (other) => {
        await other.delete(['h/p']);
        expect(await other.swap('h/p', Buffer.from('new'), null)).not.toBe(null);
      },
      check: async (_, other, path) => {
        expect(await text(other, 'h/p')).toBe('new');
        expect(versionFiles(path)).toBe(1);
      },
    };
  });
});

test('an object that is created while its directory goes is there', async () => {
  await atEveryCall(async (store) => {
    await store.create('d/e/old', Buffer.from('old'));
    return {
      write: (stopped) => stopped.create('d/e/new', Buffer.from('new')),
      meanwhile: (other) => other.delete(['d/e/old']),
      check: async (made, other) => {
        expect(made).toBe(true);
        expect(await keysOf(other.list(''))).toEqual(['d/e/new']);
      },
    };
  });
});

test('a pointer is always read, whatever a swap has come to', async () => {
  await atEveryCall(async (store) => {
    const version = await store.swap('p', Buffer.from('old'), null);
    return {
      write: (stopped) => stopped.swap('p', Buffer.from('new'), version),
      meanwhile: async (other) => {
        expect(await text(other, 'p')).toMatch(/^(old|new)$/);
        expect(await keysOf(other.list(''))).toEqual(['p']);
      },
      check: async (ours) => expect(ours).not.toBe(null),
    };
  });
});

test('a reader that is stopped while the pointer moves reads one version or the other', async () => {
  await atEveryCall(async (store) => {
    const version = await store.swap('p', Buffer.from('old'), null);
    return {
      write: (stopped) => text(stopped, 'p'),
      meanwhile: async (other) => {
        expect(await other.swap('p', Buffer.from('new'), version)).not.toBe(null);
      },
      check: async (read) => expect(read).toMatch(/^(old|new)$/),
    };
  });
});
