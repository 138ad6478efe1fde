/**
 * What the thread of the page cache does. It gives others their turn after every few files, so that a
 * start need not wait until the thousands of files of somebody else are looked at.
 *
 * Nothing here calls fsync: the one error that the disk reports would be told to us, and not to
 * PostgreSQL, which opens the file later and would take its checkpoint for done. Pages that wait to be
 * written are written by the kernel when it is told that nobody needs them; we come back for them.
 * Source: Linux `mm/fadvise.c`, `lib/errseq.c`; PostgreSQL wiki, Fsync Errors.
 */
import { closeSync, type Dirent, openSync, readdirSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { PageCacheCalls, PlainFile } from './page-cache-calls.ts';

export type FileRange = {
  readonly name: string;
  readonly from: number;
  readonly bytes: number | null;
};

export type FileFacts = {
  readonly name: string;
  readonly allocated: number;
  readonly resident: number | null;
};

/** Of one tenant, who may make as many as the disk holds. */
const FILES_MAX = 200_000;
/** PostgreSQL's own go four deep. */
const DEPTH_MAX = 8;
/** Between turns of others; a file takes about 10 us. */
const FILES_A_TURN = 64;

/**
 * What is still there is tried again after these: a page is held for a moment by whoever looks at it, and
 * for seconds where it waits to be written on a disk that others keep busy.
 */
const HELD_MS = [20, 40];
const WRITTEN_MS = [...HELD_MS, 80, 160, 320, 640, 1_280, 2_560];

/** The start beside which is read ahead reads as well, and its few pages must not wait behind all of ours. */
const BYTES_AT_ONCE = 256 * 1_024;
const PAUSE_MS = 1;

export class PageCacheWork {
  readonly #calls: PageCacheCalls;

  constructor(calls: PageCacheCalls) {
    this.#calls = calls;
  }

  async survey(directory: string): Promise<FileFacts[]> {
    const facts: FileFacts[] = [];
    await this.#within(directory, async (opened) => {
      for (const name of plainFiles(directory)) {
        if (facts.length % FILES_A_TURN === FILES_A_TURN - 1) await setImmediate();
        opened(name, ({ fd, allocated }) => {
          const cached = this.#calls.cached(fd, { from: 0, bytes: 0 });
          facts.push({
            name,
            allocated,
            resident: cached ? cached.pages * this.#calls.pageBytes : null,
          });
        });
      }
    });
    return facts;
  }

  async drop(directory: string, ranges: readonly FileRange[], bytesMin: number): Promise<number> {
    let { dropped, held, unwritten } = await this.#dropOnce(directory, ranges, bytesMin);
    for (const [tries, pause] of WRITTEN_MS.entries()) {
      const left = tries < HELD_MS.length ? held : unwritten;
      if (dropped >= bytesMin || left.length === 0) break;
      await setTimeout(pause);
      const round = await this.#dropOnce(directory, left, bytesMin - dropped);
      dropped += round.dropped;
      ({ held, unwritten } = round);
    }
    return dropped;
  }

  async #dropOnce(directory: string, ranges: readonly FileRange[], bytesMin: number) {
    const held: FileRange[] = [];
    const unwritten: FileRange[] = [];
    let dropped = 0;
    await this.#within(directory, async (opened) => {
      for (const [turn, range] of ranges.entries()) {
        if (dropped >= bytesMin) return;
        if (turn % FILES_A_TURN === FILES_A_TURN - 1) await setImmediate();
        opened(range.name, ({ fd }) => {
          const piece = { from: range.from, bytes: range.bytes ?? 0 };
          const before = this.#calls.cached(fd, piece);
          if (!before || before.pages === 0 || !this.#calls.dontNeed(fd, piece)) return;
          const now = this.#calls.cached(fd, piece) ?? before;
          dropped += Math.max(0, before.pages - now.pages) * this.#calls.pageBytes;
          if (now.pages > 0) held.push(range);
          if (now.unwritten > 0) unwritten.push(range);
        });
      }
    });
    return { dropped, held, unwritten };
  }

  async read(
    directory: string,
    ranges: readonly FileRange[],
    { bytesMax, isOver }: { readonly bytesMax: number; readonly isOver: () => boolean },
  ): Promise<number> {
    let asked = 0;
    let pauseAt = BYTES_AT_ONCE;
    await this.#within(directory, async (opened) => {
      for (const [turn, range] of ranges.entries()) {
        if (turn % FILES_A_TURN === FILES_A_TURN - 1) await setImmediate();
        if (asked >= pauseAt) {
          await setTimeout(PAUSE_MS);
          pauseAt = asked + BYTES_AT_ONCE;
        }
        if (asked >= bytesMax || isOver()) return;
        opened(range.name, (file) => {
          asked += this.#readRange(file, range, bytesMax - asked);
        });
      }
    });
    return asked;
  }

  /** The bytes that were not there. */
  #readRange({ fd, size }: PlainFile, range: FileRange, bytesMax: number): number {
    const wanted = Math.min(range.bytes ?? size, size - range.from);
    if (wanted <= 0) return 0;
    const cached = this.#calls.cached(fd, { from: range.from, bytes: wanted });
    const { pageBytes } = this.#calls;
    const missing = Math.ceil(wanted / pageBytes) - (cached?.pages ?? 0);
    if (missing <= 0) return 0;
    const bytes = missing * pageBytes > bytesMax ? Math.min(wanted, bytesMax) : wanted;
    if (!this.#calls.willNeed(fd, { from: range.from, bytes })) return 0;
    return Math.min(missing * pageBytes, bytes);
  }

  /** Runs `work` with what opens a file below `directory` and closes it again. */
  async #within(
    directory: string,
    work: (opened: (name: string, use: (file: PlainFile) => void) => void) => Promise<void>,
  ): Promise<void> {
    let dirFd: number;
    try {
      dirFd = openSync(directory, 'r');
    } catch {
      return;
    }
    // What follows each other is often of one file.
    let last: { readonly name: string; readonly file: PlainFile | undefined } | undefined;
    const close = (): void => {
      if (last?.file) closeSync(last.file.fd);
      last = undefined;
    };
    try {
      await work((name, use) => {
        if (last?.name !== name) {
          close();
          last = { name, file: this.#calls.open(dirFd, directory, name) };
        }
        if (last.file) use(last.file);
      });
    } finally {
      close();
      closeSync(dirFd);
    }
  }
}

/** The names of plain files below `directory`, links left out. */
function* plainFiles(directory: string): Generator<string> {
  const ahead: { readonly name: string; readonly depth: number }[] = [{ name: '', depth: 0 }];
  let left = FILES_MAX;
  for (let dir = ahead.pop(); dir !== undefined; dir = ahead.pop()) {
    for (const entry of entriesOf(`${directory}/${dir.name}`)) {
      const name = dir.name === '' ? entry.name : `${dir.name}/${entry.name}`;
      if (entry.isDirectory() && dir.depth < DEPTH_MAX) ahead.push({ name, depth: dir.depth + 1 });
      if (!entry.isFile()) continue;
      if (left-- === 0) return;
      yield name;
    }
  }
}

/** None where the directory has just gone. */
function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
