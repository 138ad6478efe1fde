import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Executed, Execution } from '../cli/world.ts';

type Output = Writable & {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  text(): string;
  /** Resolves when `expected` was written after what was awaited before. */
  shows(expected: string): Promise<void>;
};

/** Longest wait for an output. */
const SHOWN_WITHIN_MS = 20_000;

/** A stream that keeps what was written. */
export function memoryOutput(tty = false): Output {
  let text = '';
  let seen = 0;
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += Buffer.from(chunk).toString('utf8');
      stream.emit('shown');
      done();
    },
  });
  const shows = async (expected: string): Promise<void> => {
    const signal = AbortSignal.timeout(SHOWN_WITHIN_MS);
    while (!text.includes(expected, seen)) {
      await once(stream, 'shown', { signal }).catch(() => {
        throw new Error(`never shown: ${expected}\nbut: ${text.slice(seen)}`);
      });
    }
    seen = text.indexOf(expected, seen) + expected.length;
  };
  return Object.assign(stream, { ...(tty ? { isTTY: true } : {}), text: () => text, shows });
}

export type FakeWorldOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether a person sits at it. */
  readonly tty?: boolean;
  readonly fetch?: typeof fetch;
  readonly now?: number;
  /** What a person makes of a text in his editor. */
  readonly edit?: (text: string) => string | null;
  /** What a program of the PATH does; there is none if not given. */
  readonly execute?: (command: Execution) => Executed | undefined;
};

/** A terminal, files and an environment in memory: the `World` of the command line. */
export function fakeWorld(options: FakeWorldOptions = {}) {
  const tty = options.tty ?? false;
  const files = new Map(Object.entries(options.files ?? {}));
  const typed = new PassThrough();
  const input: Readable = tty ? typed : Readable.from([Buffer.from(options.stdin ?? '')]);
  const interrupts = new Set<() => void>();
  return {
    env: options.env ?? {},
    homeDir: '/home/me',
    cwd: '/work',
    stdin: Object.assign(input, tty ? { isTTY: true } : {}),
    stdout: memoryOutput(tty),
    stderr: memoryOutput(tty),
    fetch: options.fetch ?? (() => Promise.reject(new TypeError('fetch failed'))),
    now: () => options.now ?? Date.UTC(2030, 0, 1),
    readText: async (path: string) => files.get(path),
    writeText: async (path: string, text: string) => {
      files.set(path, text);
    },
    readFile: async (path: string) => {
      const text = files.get(path);
      return text === undefined ? undefined : Readable.from([Buffer.from(text, 'latin1')]);
    },
    createFile: async (path: string, replace: boolean) => {
      const before = files.get(path);
      if (before !== undefined && !replace) return null;
      let text = '';
      files.set(path, before ?? '');
      return {
        write: async (bytes: Uint8Array) => {
          text += Buffer.from(bytes).toString('latin1');
        },
        keep: async () => {
          files.set(path, text);
        },
        discard: async () => {
          if (before === undefined) files.delete(path);
        },
      };
    },
    edit: options.edit === undefined ? null : async (text: string) => options.edit?.(text) ?? null,
    execute: async (command: Execution) => options.execute?.(command),
    onInterrupt: (run: () => void) => {
      interrupts.add(run);
      return () => interrupts.delete(run);
    },
    /** What a person types next; null closes the input. */
    type: (text: string | null) => (text === null ? typed.end() : typed.write(text)),
    interrupt: () => {
      for (const run of interrupts) run();
    },
    files,
    interrupts,
  };
}
