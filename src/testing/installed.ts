/** Programs of other makers that tests drive where they are installed; CONTRIBUTING.md names them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Whether it starts and ends well, for instance by `--version`. */
export function runs(command: string, ...args: readonly string[]): boolean {
  return output(command, ...args) !== undefined;
}

/** What it prints; undefined if it is not there or fails. */
export function output(command: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Debian's own, where its packages put their modules. */
export const PYTHON = '/usr/bin/python3';

export const hasPython = (...modules: readonly string[]): boolean =>
  existsSync(PYTHON) && runs(PYTHON, '-c', `import ${modules.join(', ')}`);

/** The title of a suite, with what to install where it is skipped. */
export const titled = (title: string, isThere: boolean, debian: string): string =>
  isThere ? title : `${title} (skipped: needs Debian's ${debian})`;
