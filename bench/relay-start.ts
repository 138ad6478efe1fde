/** What all ways through a proxy begin with: a PostgreSQL that holds pgbench's tables, for a role that logs in by SCRAM. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RealPostgres, realPostgres } from '../src/testing/real-postgres.ts';
import { verifierOf } from '../src/wire/verifier.ts';
import { environment, SCALE, target } from './relay-loads.ts';
import { type Role, straight, type Way } from './rivals.ts';

export type RelayStart = AsyncDisposable & {
  readonly postgres: RealPostgres;
  readonly role: Role;
  /** To PostgreSQL itself. */
  readonly direct: Way;
};

export async function relayStart(settings: readonly string[]): Promise<RelayStart> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await realPostgres([...settings]));
  const { path: certificateDir } = stack.use(await mkdtempDisposable(join(tmpdir(), 'bench-')));
  const password = randomBytes(12).toString('hex');
  const verifier = await verifierOf(password, randomBytes(16));
  const role = { name: 'bench', password, verifier, certificateDir };
  await postgres.sql(`create role bench login password '${verifier}'`);
  await postgres.sql('create database bench owner bench');
  const direct = straight(postgres, role);
  await promisify(execFile)('pgbench', ['-i', '-q', '-s', `${SCALE}`, ...target(direct)], {
    env: environment(direct),
  });
  const owned = stack.move();
  return { postgres, role, direct, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
