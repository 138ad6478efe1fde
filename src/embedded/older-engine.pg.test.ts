/** Runs only where Debian's PostgreSQL of an older major is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { snapshotIdOf } from '../domain/ids.ts';
import { realHost } from '../testing/real-host.ts';

const HOME = '/usr/lib/postgresql';

const installed = (existsSync(HOME) ? readdirSync(HOME) : [])
  .map((major) => ({ major: Number(major), binDir: join(HOME, major, 'bin') }))
  .filter(({ major, binDir }) => major < 18 && existsSync(join(binDir, 'initdb')));

describe.runIf(installed.length > 0)('an older system PostgreSQL', () => {
  test.each(installed)(
    '$major works by option, and what it lacks is told',
    async ({ major, binDir }) => {
      await using world = await realHost({ binDir });
      expect(world.engine.version).toMatch(new RegExp(`^${major}\\.\\d+$`));
      const tenant = await world.running('older');
      await world.sql(tenant, 'create table kept as select 1 as n');
      await world.host.stop(tenant.id);
      await world.start(tenant.id);
      expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }]);
      const mayCreateRoles = await world.sql(
        tenant,
        'select rolcreaterole as may from pg_roles where rolname = current_user',
      );
      expect(mayCreateRoles).toEqual([{ may: major >= 16 }]);
      const join = world.sql(tenant, 'grant pg_execute_server_program to older');
      await expect(join).rejects.toMatchObject({ code: '42501' });

      const ref = { tenant: tenant.id, vault: tenant.id, snapshot: snapshotIdOf(1) };
      const { signal } = new AbortController();
      const { taken } = await world.host.archive(tenant.id, {
        ...ref,
        name: null,
        notes: {},
        signal,
      });
      expect(taken).toBe('running');
      const fork = world.drafted('younger');
      const to = { tenant: fork.id, snapshot: snapshotIdOf(1), name: null, notes: {} };
      await world.engine.archive.share(ref, to);
      await world.host.hydrate(fork.id, { ...ref, tenant: fork.id }, signal);
      await world.start(fork.id);
      await world.host.settle(fork.id, fork);
      expect(await world.sql(fork, 'table kept')).toEqual([{ n: 1 }]);
    },
  );
});
