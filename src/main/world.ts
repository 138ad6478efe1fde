/** The world of the command line as it really is. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { World } from '../cli/world.ts';
import { createFile, readParts } from './local-files.ts';

/** Owner only: what is written may hold what somebody typed. */
const FILE_MODE = 0o600;

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
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: FILE_MODE });
  },
  readFile: readParts,
  createFile,
  onInterrupt: (run) => {
    process.on('SIGINT', run);
    return () => process.off('SIGINT', run);
  },
});
