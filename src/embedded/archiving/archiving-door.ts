/**
 * Who may log in to a compute, and how: `pg_hba.conf` and `pg_ident.conf`, which are ours, in a directory
 * that belongs to the tenant. Each is replaced as a whole, by a new file in the place of what is there.
 *
 * Data of older installations has no door for a base backup yet; it is made when it is first needed.
 * Data that comes from another tenant has a superuser whose password we do not know here, and which
 * no archive and no export should tell. Until it is settled our superuser is known there by the kernel:
 * whoever is at the other end of the socket must be the user that this server runs as.
 */
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { SUPERUSER } from '../admin.ts';

export const ACCESS_RULES = [
  'local all all scram-sha-256\n',
  `local replication ${SUPERUSER} scram-sha-256\n`,
].join('');

const MAP = 'server';

/** Gives the data directory its rules. A compute that runs follows them once it is told to reload. */
export async function askForPasswords(data: string): Promise<void> {
  await replace(data, 'pg_hba.conf', ACCESS_RULES);
  await replace(data, 'pg_ident.conf', '');
}

/** Gives data of another tenant rules by which our superuser needs no password, and nobody else gets in as it. */
export async function knowServerByKernel(data: string): Promise<void> {
  const { username } = userInfo();
  await replace(data, 'pg_ident.conf', `${MAP} ${quoted(username)} ${SUPERUSER}\n`);
  const rules = `local all ${SUPERUSER} peer map=${MAP}\n${ACCESS_RULES}`;
  await replace(data, 'pg_hba.conf', rules);
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

async function replace(data: string, name: string, content: string): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const { uid, gid } = await stat(data);
  const draft = join(data, `${name}.new`);
  await rm(draft, { force: true });
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(content);
    await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(data, name));
}
