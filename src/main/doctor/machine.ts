/** The machine: Node, PostgreSQL, kernel, users, limits, memory, clock. */
import { constants } from 'node:fs';
import { access, open, readFile } from 'node:fs/promises';
import { arch, availableParallelism, freemem, platform, release } from 'node:os';
import type { Finding } from '../../cli/doctor.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { bytesWords, countWords } from '../../cli/words/words.ts';
import { CONTROL_FILES } from '../../embedded/cages/cgroup-files.ts';
import { findPlaces } from '../../embedded/cages/cgroup-places.ts';
import { versionText } from '../../embedded/engine-version.ts';
import { isRoot } from '../../embedded/machine/users.ts';
import { resolveEngine } from '../../embedded/resolver.ts';
import { PageCacheCalls } from '../../system/page-cache-calls.ts';
import { messageOf, note, ok, problem, warning } from './finding.ts';

const NODE_MAJOR_MIN = 24;

/** A postmaster at rest, and a tenant at work. Source: bench/README.md. */
const WARM_BYTES = 5.6 * 1_048_576;
const HOT_BYTES = 128 * 1_048_576;

/** Both ends of a session, on either side of the proxy. */
const FILES_PER_SESSION = 2;
const FILES_OF_SERVER = 1_000;

/** No machine that runs this was set up before. */
const CLOCK_MIN = Date.UTC(2026, 0, 1);

export async function examineMachine(options: ServerOptions): Promise<readonly Finding[]> {
  const found = await Promise.all([
    nodeFinding(),
    platformFinding(),
    engineFindings(options),
    cachestatFinding(),
    cgroupFinding(),
    usersFinding(options),
    filesFinding(options),
    memoryFinding(),
    clockFinding(),
  ]);
  return found.flat();
}

function nodeFinding(): Finding {
  const major = Number.parseInt(process.versions.node, 10);
  return major >= NODE_MAJOR_MIN
    ? ok('node', process.version)
    : problem(
        'node',
        `${process.version} is too old`,
        'run "npm ci", which installs one beside it',
      );
}

function platformFinding(): Finding {
  const says = `${platform()} ${arch()}, kernel ${release()}, ${availableParallelism()} processors`;
  if (platform() === 'linux') return ok('platform', says);
  const todo = 'use Linux where tenants must be kept apart and their memory controlled';
  return warning('platform', `${says}: for development`, todo);
}

async function engineFindings({ postgresBinDir }: ServerOptions): Promise<readonly Finding[]> {
  try {
    const { version, warnings } = await resolveEngine(postgresBinDir);
    const from = postgresBinDir ?? 'the package that comes with DynaBase';
    return [
      ok('postgresql', `${versionText(version)} from ${from}`),
      ...warnings.map((says) => {
        const todo = 'install a newer PostgreSQL and name its programs with --postgres-bin-dir';
        return warning('postgresql', says, todo);
      }),
    ];
  } catch (error) {
    const todo = 'run "npm ci", or name the directory of its programs with --postgres-bin-dir';
    return [problem('postgresql', messageOf(error), todo)];
  }
}

/** Tried on a file of our own, since a container may forbid what its kernel has. */
async function cachestatFinding(): Promise<Finding> {
  const file = await open(new URL(import.meta.url));
  try {
    const isThere = new PageCacheCalls().cached(file.fd, { from: 0, bytes: 4_096 }) !== undefined;
    if (isThere) return ok('page cache', 'can be measured (cachestat)');
  } finally {
    await file.close();
  }
  const todo = 'use Linux 6.5 or newer, in a container that allows the call cachestat';
  return note('page cache', 'cannot be measured: what is cached of a tenant is unknown', todo);
}

async function cgroupFinding(): Promise<Finding> {
  const places = platform() === 'linux' ? await findPlaces(CONTROL_FILES) : [];
  const limited: string[] = [];
  for (const { home, resources } of places) {
    if (await may(home, constants.W_OK)) limited.push(...resources);
  }
  if (limited.includes('memory')) {
    return ok('control groups', `${limited.join(', ')} of tenants can be limited`);
  }
  const todo =
    'run as root in a container of its own, or let systemd delegate a group (Delegate=yes, DelegateSubgroup=dynabase-server)';
  return note(
    'control groups',
    `${limited.length === 0 ? 'none that is ours' : `only for ${limited.join(', ')}`}: the memory of tenants has no bound`,
    todo,
  );
}

function usersFinding({ uidRange }: ServerOptions): Finding {
  if (isRoot()) {
    return ok(
      'isolation',
      `each tenant gets a user id of its own, ${uidRange.first} to ${uidRange.last}`,
    );
  }
  const says = 'all tenants run as this user, who could read the files of all';
  return note('isolation', says, 'start the server as root where tenants do not trust each other');
}

async function filesFinding({ sessionsMaxTotal }: ServerOptions): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  if (hard === undefined) return note('open files', 'their limit cannot be told here');
  const wanted = sessionsMaxTotal * FILES_PER_SESSION + FILES_OF_SERVER;
  const count = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
  if (count >= wanted) return ok('open files', `at most ${hard}`);
  const says = `at most ${hard}, and ${countWords(sessionsMaxTotal)} sessions need ${countWords(wanted)}`;
  return warning('open files', says, `raise it: ulimit -n ${wanted}, or LimitNOFILE= of systemd`);
}

async function memoryFinding(): Promise<Finding> {
  const available = await availableMemory();
  const warm = countWords(Math.floor(available / WARM_BYTES));
  const hot = countWords(Math.floor(available / HOT_BYTES));
  const says = `${bytesWords(available)} available: about ${warm} tenants at rest or ${hot} at work`;
  if (available >= 4 * HOT_BYTES) return ok('memory', says);
  return warning('memory', says, 'give it more memory, or few tenants');
}

/** What the machine has, or what our control group leaves of it. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const free = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1] ?? '0') * 1_024 || freemem();
  const constrained = process.constrainedMemory();
  const used = process.availableMemory();
  return constrained > 0 && used > 0 ? Math.min(free, used) : free;
}

function clockFinding(): Finding {
  const now = new Date();
  if (now.getTime() >= CLOCK_MIN) return ok('clock', now.toISOString());
  const todo = 'set the clock; certificates, tickets and the archive go by it';
  return problem('clock', `${now.toISOString()} is not the time`, todo);
}

export const may = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
