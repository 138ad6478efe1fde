/** The rules of the ladder, from the options. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { ServerOptions } from '../cli/options.ts';
import { fault } from '../domain/faults.ts';
import { ms } from '../domain/units.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { parseRules } from '../policy/rules-file.ts';

type RuleOptions = Pick<ServerOptions, 'policy' | 'archiveAfter' | 'snapshotEvery'>;

const BYTES_OF_MB = 1_048_576;

/** Part of the memory whose page cache sleeping tenants may keep, where the rules do not say. */
const L2_PART = 0.25;

/** Throws `BAD_POLICY`. */
export async function rulesOf(options: RuleOptions): Promise<Rules> {
  const { policy, archiveAfter, snapshotEvery } = options;
  const rules =
    policy === 'machine' || policy === 'railway' ? PRESETS[policy] : parseRules(await read(policy));
  return {
    ...rules,
    ...(archiveAfter !== null && { archiveAfter: ms(archiveAfter) }),
    ...(snapshotEvery === 'off' && { snapshotEvery: null }),
    ...(typeof snapshotEvery === 'number' && { snapshotEvery: ms(snapshotEvery) }),
  };
}

/** Page cache that sleeping tenants may keep on this machine, in bytes. */
export const l2BytesOf = ({ l2BudgetMb }: Rules): number =>
  l2BudgetMb === null ? Math.floor(totalmem() * L2_PART) : l2BudgetMb * BYTES_OF_MB;

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw fault('BAD_POLICY', { why: `the file ${path} cannot be read` }, { cause });
  }
}
