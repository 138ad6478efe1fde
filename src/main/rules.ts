/** The rules, from the options and from what a policy file says. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { ServerOptions } from '../cli/options/options.ts';
import { fault } from '../domain/faults.ts';
import { ms } from '../domain/units.ts';
import { isPreset, type Rules } from '../policy/rules.ts';
import { parseRules } from '../policy/rules-file.ts';

export type RuleOptions = Pick<ServerOptions, 'policy' | 'archiveAfter' | 'snapshotEvery'>;

const BYTES_OF_MB = 1_048_576;

/** Part of the memory whose page cache sleeping tenants may keep, where the rules do not say. */
const L2_PART = 0.25;

/** Part of the memory that caches may take beyond their tiers' before peaks. */
const GROWTH_PART = 1 / 16;

/** The text of what `--policy` names: a preset, or a file. Throws `BAD_POLICY`. */
export async function readPolicy(policy: string): Promise<string> {
  if (isPreset(policy)) return JSON.stringify({ preset: policy });
  try {
    return await readFile(policy, 'utf8');
  } catch (cause) {
    throw fault('BAD_POLICY', { why: `the file ${policy} cannot be read` }, { cause });
  }
}

/** What the text says, and over it what the options say. Throws `BAD_POLICY`. */
export function rulesFrom(text: string, options: RuleOptions): Rules {
  const { archiveAfter, snapshotEvery } = options;
  return {
    ...parseRules(text),
    ...(archiveAfter !== null && { archiveAfter: ms(archiveAfter) }),
    ...(snapshotEvery === 'off' && { snapshotEvery: null }),
    ...(typeof snapshotEvery === 'number' && { snapshotEvery: ms(snapshotEvery) }),
  };
}

/** By how much caches may be larger before peaks, all together, in MB. */
export const growthMbOf = (): number => Math.floor((totalmem() * GROWTH_PART) / BYTES_OF_MB);

/** Page cache that sleeping tenants may keep on this machine, in bytes, where the rules do not say. */
export const l2Bytes = (): number => Math.floor(totalmem() * L2_PART);
