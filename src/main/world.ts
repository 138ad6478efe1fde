/** The world of the command line as it really is. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { World } from '../cli/world.ts';
import { createFile, readParts } from './local-files.ts';
import { editIn, execute } from './local-programs.ts';

/** Owner only: what is written may hold what somebody typed. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

export const realWorld = (): World => ({
  env: process.env,
  homeDir: homedir(),
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  fetch: globalThis.fetch,
  now: () => Date.now(),
  readText: async (path) => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  },
  writeText: async (path, text) => {
    await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    const file = await open(path, 'w', FILE_MODE);
    try {
      // One that was there may have been open to others.
      await file.chmod(FILE_MODE);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  },
  readFile: readParts,
  createFile,
  edit: process.stdin.isTTY && process.stdout.isTTY ? editIn(process.env, process.stdin) : null,
  execute,
  onInterrupt: (run) => {
    process.on('SIGINT', run);
    return () => process.off('SIGINT', run);
  },
});
