/**
 * Ends processes that a tenant has hidden, before its files are deleted.
 *
 * A process that let go of its lock and left its directory on purpose has no marks of its compute any
 * more, but it cannot shed its user id; left alone it could play with the files while root removes
 * them. Only as root, where each compute has a user id of its own. Looks at every process of the
 * machine, so it is done for a removal and not for every stop. Data that was made by a user of the
 * system, before root took the directory over, is left to its marks: that user runs more than it.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { findProcess, signalProcess } from './machine/processes.ts';
import { isRoot, isSystemUser } from './machine/users.ts';

/** A process that forks as fast as it is killed is given up on; its files are removed all the same. */
const ROUNDS_MAX = 100;

/** `dataDir` is a PGDATA, whose owner is the compute's user id. */
export async function endStrays(dataDir: string): Promise<void> {
  const owner = statSync(dataDir, { throwIfNoEntry: false })?.uid ?? 0;
  if (!isRoot() || owner === 0 || (await isSystemUser(owner))) return;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const strays = readdirSync('/proc').filter((name) => isStray(name, owner));
    if (strays.length === 0) return;
    for (const pid of strays.map(Number)) {
      const ref = findProcess(pid);
      if (ref) signalProcess(ref, 'SIGKILL');
    }
    await setImmediate();
  }
}

/** A compute of another server that was given the same user ids is none: it stands in its PGDATA. */
function isStray(name: string, owner: number): boolean {
  if (!/^\d+$/.test(name) || !findProcess(Number(name))) return false;
  const isOwned = statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid === owner;
  return isOwned && !existsSync(`/proc/${name}/cwd/postmaster.pid`);
}
