/** Programs of this machine that the command line runs: an editor, and tools of PostgreSQL. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Executed, Execution } from '../cli/world.ts';

/** Owner only: a statement may hold what nobody else should read. */
const FILE_MODE = 0o600;

type Terminal = { readonly isRaw?: boolean; setRawMode?: (on: boolean) => unknown };

/** An editor over the terminal. It blocks this program, so that the two do not read the same keys. */
export const editIn =
  (env: Readonly<Record<string, string | undefined>>, terminal: Terminal) =>
  async (text: string, suffix: string): Promise<string | null> => {
    const [program = 'vi', ...args] = (env.VISUAL || env.EDITOR || 'vi').split(/\s+/);
    const directory = await mkdtemp(join(tmpdir(), 'dynabase-edit-'));
    const wasRaw = terminal.isRaw === true;
    try {
      const file = join(directory, `statement${suffix}`);
      await writeFile(file, text, { mode: FILE_MODE });
      terminal.setRawMode?.(false);
      const { status } = spawnSync(program, [...args, file], { stdio: 'inherit' });
      return status === 0 ? await readFile(file, 'utf8') : null;
    } finally {
      terminal.setRawMode?.(wasRaw);
      await rm(directory, { recursive: true, force: true });
    }
  };

/** Runs a program to its end, with nothing on its standard input. */
export function execute({ program, args, env, signal }: Execution): Promise<Executed | undefined> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => stdout.push(part));
    child.stderr.on('data', (part: Buffer) => stderr.push(part));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') done(undefined);
      else fail(error);
    });
    child.once('close', (status) =>
      done({ status, stdout: textOf(stdout), stderr: textOf(stderr) }),
    );
  });
}

const textOf = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8');
