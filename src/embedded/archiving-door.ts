/**
 * Who may log in to a compute, and how: `pg_hba.conf`, which is ours.
 *
 * Data of older installations has no door for a base backup yet. It is made when it is first needed,
 * in a directory that belongs to the tenant: by a new file in the place of what is there.
 */
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SUPERUSER } from './admin.ts';

export const ACCESS_RULES = [
  'local all all scram-sha-256\n',
  `local replication ${SUPERUSER} scram-sha-256\n`,
].join('');

/** Gives the data directory these rules. A compute that runs follows them once it is told to reload. */
export async function writeAccessRules(data: string): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const { uid, gid } = await stat(data);
  const draft = join(data, 'pg_hba.conf.new');
  await rm(draft, { force: true });
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(ACCESS_RULES);
    await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(data, 'pg_hba.conf'));
}
