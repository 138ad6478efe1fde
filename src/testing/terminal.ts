/** The command line in a real terminal, as a person has it: keys in, a screen out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runs } from './installed.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/dynabase.js');

/** Longest wait for what should be shown. */
const SHOWN_WITHIN_MS = 30_000;

/** Of util-linux; it makes a terminal of its own for a command. */
export const hasTerminal = (): boolean => runs('script', '--version');

export type Terminal = AsyncDisposable & {
  /** All that was shown, without what moves the cursor and paints. */
  text(): string;
  /** The same as the terminal got it. */
  raw(): string;
  /** Resolves when `expected` is shown after what was awaited before. */
  shows(expected: string): Promise<void>;
  type(keys: string): void;
  /** The status that it ended with. */
  readonly ended: Promise<number | null>;
};

export type TerminalOptions = {
  readonly dataDir: string;
  readonly columns: number;
  readonly lines: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts `dynabase ARGS` in a terminal of its own. Arguments hold nothing that a shell would read. */
export function inTerminal(args: readonly string[], options: TerminalOptions): Terminal {
  const { columns, lines, dataDir } = options;
  const command = [process.execPath, PROGRAM, ...args, '--data-dir', dataDir].join(' ');
  const sized = `stty cols ${columns} rows ${lines}; exec ${command}`;
  const child = spawn('script', ['-qfec', sized, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let raw = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
    child.emit('shown');
  });
  const text = () => stripVTControlCharacters(raw);
  return {
    text,
    raw: () => raw,
    shows: async (expected) => {
      const signal = AbortSignal.timeout(SHOWN_WITHIN_MS);
      while (!text().includes(expected, seen)) {
        await once(child, 'shown', { signal }).catch(() => {
          throw new Error(`never shown: ${expected}\nbut: ${text().slice(seen)}`);
        });
      }
      seen = text().indexOf(expected, seen) + expected.length;
    },
    type: (keys) => child.stdin.write(keys),
    ended: ended(child),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
    },
  };
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [status] = await once(child, 'close');
  return status;
}
