/** Who may own what: user ids known to the system, and those that our directories have. */
import { readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fault } from '../../domain/faults.ts';
import type { FileOwner } from '../copy-tree.ts';
import { computeFiles, type Layout } from '../layout.ts';
import { isErrno } from './durable.ts';

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Whom the data of a compute, and so the compute, belongs to; null where this process cannot choose. */
export function ownerOfData(data: string): FileOwner {
  if (!isRoot()) return null;
  const { uid, gid } = statSync(data);
  if (uid === 0) throw new Error('the data belongs to root, whom PostgreSQL refuses to run as');
  return { uid, gid };
}

/** The bit of CAP_SYS_RESOURCE. Source: linux/capability.h. */
const SYS_RESOURCE_BIT = 24n;

/** Whether this process may set limits of the processes that it starts, once they run. */
export function mayCapOthers(): boolean {
  if (!isRoot()) return true;
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
    return ((effective >> SYS_RESOURCE_BIT) & 1n) === 1n;
  } catch {
    return false;
  }
}

/**
 * Whom to run `initdb` as, which wants a user that the system knows; null as an ordinary user.
 * Throws `USER_UNKNOWN`, `NO_UIDS`.
 */
export async function templateBuilder(): Promise<FileOwner> {
  if (!isRoot()) {
    mustBeKnown();
    return null;
  }
  const nobody = (await passwd()).find((user) => user.name === 'nobody');
  if (!nobody) throw fault('NO_UIDS', { why: 'there is no user "nobody" to prepare databases as' });
  return { uid: nobody.uid, gid: nobody.gid };
}

function mustBeKnown(): void {
  try {
    userInfo();
  } catch (cause) {
    throw fault('USER_UNKNOWN', {}, { cause });
  }
}

/** Ids of the system's users, of all that owns data here, and of all that runs: maybe elsewhere. */
export async function idsInUse(layout: Layout): Promise<ReadonlySet<number>> {
  const roots = [layout.catalog];
  for (const parent of [layout.tenants, layout.hydrating, layout.husks]) {
    roots.push(...(await readdir(parent)).map((name) => join(parent, name)));
  }
  const ids = new Set((await passwd()).map((user) => user.uid));
  for (const name of await readdir('/proc').catch(() => [])) {
    const uid = /^\d+$/.test(name) ? await uidOf(join('/proc', name)) : undefined;
    if (uid !== undefined) ids.add(uid);
  }
  for (const root of roots) {
    const uid = await uidOf(computeFiles(root).data);
    if (uid !== undefined) ids.add(uid);
  }
  return ids;
}

/** Whether a person or a service of the system has this id, and so more than a compute runs as it. */
export const isSystemUser = async (uid: number): Promise<boolean> =>
  (await passwd()).some((user) => user.uid === uid);

async function uidOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

type User = { readonly name: string; readonly uid: number; readonly gid: number };

async function passwd(): Promise<User[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [name = '', , uid, gid] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid) };
  });
}
