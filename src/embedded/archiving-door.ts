/**
 * Who may log in to a compute, and how: `pg_hba.conf`, which is ours, in a directory that belongs to the
 * tenant. It is replaced as a whole, by a new file in the place of what is there.
 *
 * Data of older installations has no door for a base backup yet; it is made when it is first needed.
 * Data that comes from another tenant has a superuser whose password we do not know here, and which
 * no archive and no export should tell. It lets our superuser in without one until it is settled:
 * before that nobody else is let near its socket, whose directory only its own user id may enter.
 */
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SUPERUSER } from './admin.ts';

export const ACCESS_RULES = [
  'local all all scram-sha-256\n',
  `local replication ${SUPERUSER} scram-sha-256\n`,
].join('');

/** Of data that is not settled yet. */
export const FOREIGN_ACCESS_RULES = `local all ${SUPERUSER} trust\n${ACCESS_RULES}`;

/** Gives the data directory its rules. A compute that runs follows them once it is told to reload. */
export async function writeAccessRules(data: string, rules: string): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const { uid, gid } = await stat(data);
  const draft = join(data, 'pg_hba.conf.new');
  await rm(draft, { force: true });
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(rules);
    await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(data, 'pg_hba.conf'));
}
