/**
 * The walls between rooms: who may import whom, and who may touch the world.
 */

import type { Finding } from './finding.ts';
import { type Import, importsOf } from './imports.ts';
import { lineOf, type Source } from './syntax.ts';

const BELOW_MAIN: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: [],
  policy: ['domain'],
  economics: ['domain'],
  wire: ['domain'],
  channel: ['domain'],
  control: ['domain', 'policy', 'economics'],
  orchestrator: ['domain', 'policy'],
  proxy: ['domain', 'policy', 'wire'],
  catalog: ['domain'],
  embedded: ['domain'],
  archive: ['domain'],
  billing: ['domain', 'economics'],
  system: ['domain'],
  api: ['domain', 'contract', 'control'],
  sdk: ['contract'],
  cli: ['contract', 'sdk'],
  dashboard: ['contract', 'sdk'],
  sim: ['domain', 'policy', 'economics', 'control', 'orchestrator'],
};

/** Which rooms a room may import besides itself. A room that is not listed does not exist. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  ...BELOW_MAIN,
  testing: Object.keys(BELOW_MAIN),
  main: Object.keys(BELOW_MAIN),
};

/** What any test may use: its tools, and the simulated world. */
const FOR_TESTS: ReadonlySet<string> = new Set(['testing', 'sim']);

/** Rooms whose time, chance, processes, files and sockets come in as arguments. */
export const TIMELESS: ReadonlySet<string> = new Set([
  'domain',
  'policy',
  'economics',
  'wire',
  'channel',
  'control',
  'orchestrator',
  'proxy',
  'sim',
]);

/** Rooms that run anywhere: what they need of Node or of a package comes in as an argument. */
const WORLDLESS: ReadonlySet<string> = new Set([...TIMELESS, 'contract', 'sdk', 'dashboard']);

/** What a worldless room may take nevertheless: plain functions of bytes, and shapes. */
const HARMLESS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  wire: {
    'node:buffer': ['Buffer'],
    'node:crypto': ['createHash', 'createHmac', 'hash', 'timingSafeEqual', 'pbkdf2'],
  },
  contract: { typebox: ['*'] },
  dashboard: { '*': ['*'] },
};

export function wallFindings(source: Source): readonly Finding[] {
  const { room, path } = source;
  if (!path.startsWith('src/')) return [];
  if (room === null) return [{ path, line: 1, says: 'lies in no room' }];
  if (!Object.hasOwn(ROOMS, room)) {
    return [{ path, line: 1, says: `lies in "${room}", which is no room` }];
  }
  return importsOf(source).flatMap((taken) => {
    const says = taken.target === null ? worldBreach(source, taken) : wallBreach(source, taken);
    return says === null ? [] : [{ path, line: lineOf(source, taken.start), says }];
  });
}

function wallBreach({ room, setting }: Source, { target }: Import): string | null {
  const other = /^src\/([^/]+)\//.exec(target ?? '')?.[1];
  if (other === undefined) return `imports "${target}", which is in no room`;
  if (other === room || setting === 'real-test') return null;
  if (FOR_TESTS.has(other) && setting === 'test') return null;
  const allowed = ROOMS[room ?? ''] ?? [];
  return allowed.includes(other) ? null : `imports room "${other}"; ${room} may not`;
}

function worldBreach({ room, setting }: Source, taken: Import): string | null {
  if (room === null || !WORLDLESS.has(room) || setting !== 'product' || taken.typeOnly) return null;
  const harmless = HARMLESS[room] ?? {};
  const allowed = harmless[taken.from.replace(/^(typebox)\/.*/, '$1')];
  if (allowed?.includes('*')) return null;
  if (harmless['*'] !== undefined && !taken.from.startsWith('node:')) return null;
  const banned = taken.names.filter((name) => !allowed?.includes(name));
  if (banned.length === 0 && taken.names.length > 0) return null;
  return `takes ${banned.join(', ') || 'effects'} from "${taken.from}"; ${room} needs a port for that`;
}
