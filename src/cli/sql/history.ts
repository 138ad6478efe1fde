/**
 * What was typed at the prompt, kept for the next time: whole statements, the last ones, in a file
 * of the user's own. A statement that speaks of a secret is not kept.
 */
import { join } from 'node:path';
import type { World } from '../world.ts';

/** Statements kept. */
export const HISTORY_MAX = 1_000;

/** Longer than this is pasted, not typed, and does not help on the prompt. */
const ENTRY_LENGTH_MAX = 10_000;

/** Where programs keep what they would rather not lose. Source: XDG Base Directory Specification. */
export function historyPath({ env, homeDir }: World): string {
  const state = env.XDG_STATE_HOME || join(homeDir, '.local', 'state');
  return join(state, 'dynabase', 'sql_history');
}

/** Words that come with secrets, and a login in a connection string. */
const SECRET =
  /passw(?:or)?d|secret|\btoken|api_?key|private_?key|credential|\bscram\b|:\/\/[^\s/@:]*:[^\s@]+@/i;

export const isKept = (statement: string): boolean =>
  statement.trim() !== '' && statement.length <= ENTRY_LENGTH_MAX && !SECRET.test(statement);

/**
 * The lines of a statement as one line to edit; null where that would change its meaning, since a
 * comment goes to the end of its line, or a quote over it.
 */
export function joined(lines: readonly string[], spansQuotes: boolean): string | null {
  if (spansQuotes || lines.slice(0, -1).some((line) => line.includes('--'))) return null;
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** What was kept, the latest last. */
export async function loadHistory(world: World): Promise<readonly string[]> {
  const saved = await world.readText(historyPath(world)).catch(() => undefined);
  return (saved ?? '').split('\n').filter((line) => line !== '');
}

/** Keeps the last ones; a disk that refuses is no reason to fail. */
export async function saveHistory(world: World, entries: readonly string[]): Promise<void> {
  const kept = entries.slice(-HISTORY_MAX);
  const text = kept.map((entry) => `${entry}\n`).join('');
  await world.writeText(historyPath(world), text).catch(() => undefined);
}
