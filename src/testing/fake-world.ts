import { PassThrough, Readable, Writable } from 'node:stream';

type Output = Writable & { isTTY?: boolean; columns?: number; text(): string };

/** A stream that keeps what was written. */
export function memoryOutput(tty = false): Output {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return Object.assign(stream, {
    ...(tty ? { isTTY: true } : {}),
    text: () => Buffer.concat(chunks).toString('utf8'),
  });
}

export type FakeWorldOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether a person sits at it. */
  readonly tty?: boolean;
  readonly fetch?: typeof fetch;
  readonly now?: number;
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
