/**
 * pg_dump and pg_restore through the proxy. They refuse a server that is newer than they are, so
 * with older ones the tenant's engine is the PostgreSQL that was installed with them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { converse } from '../../testing/conversation.ts';
import { titled } from '../../testing/installed.ts';
import { freshDataDir, removeDataDir } from '../../testing/real-server.ts';

const HOME = '/usr/lib/postgresql';
const OWN_MAJOR = 18;
const OBJECTS = join(import.meta.dirname, '../../testing/programs/every-kind.sql');

/** Objects as every version of pg_dump names them. */
const KINDS = [
  ...['AGGREGATE', 'CAST', 'COLLATION', 'COMMENT', 'CONSTRAINT', 'DEFAULT', 'DOMAIN', 'EXTENSION'],
  ...['FK CONSTRAINT', 'FUNCTION', 'INDEX', 'INDEX ATTACH', 'MATERIALIZED VIEW', 'OPERATOR'],
  ...['POLICY', 'PROCEDURE', 'PUBLICATION', 'PUBLICATION TABLE', 'ROW SECURITY', 'RULE', 'SCHEMA'],
  ...['SEQUENCE', 'SEQUENCE SET', 'STATISTICS', 'TABLE', 'TABLE ATTACH', 'TABLE DATA', 'TRIGGER'],
  ...['TEXT SEARCH CONFIGURATION', 'TYPE', 'VIEW'],
];

type Tools = { readonly binDir: string; readonly args: readonly string[] };

/** The newest that there are, with what makes a server that suits them. */
function installed(): Tools | undefined {
  const majors = (existsSync(HOME) ? readdirSync(HOME) : []).map(Number).filter(Boolean);
  const found = majors
    .toSorted((a, b) => b - a)
    .map((major) => ({ major, binDir: join(HOME, `${major}`, 'bin') }))
    .filter(({ binDir }) => existsSync(join(binDir, 'pg_dump')))
    .find(({ major, binDir }) => major >= OWN_MAJOR || existsSync(join(binDir, 'initdb')));
  if (found === undefined) return undefined;
  const { major, binDir } = found;
  return { binDir, args: major >= OWN_MAJOR ? [] : ['--postgres-bin-dir', binDir] };
}

const tools = installed();
const isThere = tools !== undefined;

describe.each([false, true])(
  titled('pg_dump and pg_restore, chaos %s', isThere, 'postgresql'),
  { skip: !isThere },
  (chaos) => {
    let tenant: ClientTenant;
    let target: { readonly user: string; readonly password: string };
    let dataDir: string;
    let directory: string;
    let original: string;

    /** Runs a tool to its end, in `database` of the tenant or of the other one. */
    async function run(
      tool: string,
      args: readonly string[],
      database?: { readonly of: 'target'; readonly name: string },
    ): Promise<string> {
      const elsewhere = database && {
        ...{ PGUSER: `${target.user}.${target.user}`, PGPASSWORD: target.password },
        PGDATABASE: database.name,
      };
      const said = await converse({
        command: join(tools?.binDir ?? '', tool),
        args,
        env: { ...tenant.libpqEnvironment, ...elsewhere },
        rest: () => tenant.rest(),
      });
      // Engines whose wal_level is minimal warn of every publication.
      const unexpected = said.stderr.replace(/^.*wal_level is insufficient.*\nHINT: .*\n/m, '');
      if (said.code !== 0 || unexpected !== '') throw new Error(`${tool}: ${unexpected}`);
      return said.stdout;
    }

    /** Schema and data as text, without what is another in every dump and tenant. */
    async function asText(database?: Parameters<typeof run>[2]): Promise<string> {
      const dump = await run('pg_dump', ['--no-owner', '--no-privileges'], database);
      return dump.replace(/^\\(un)?restrict .*$/gm, '');
    }

    beforeAll(async () => {
      // As root, an older PostgreSQL must be able to walk to its files.
      dataDir = await freshDataDir();
      await chmod(dataDir, 0o711);
      tenant = await clientTenant({ chaos, dataDir, args: tools?.args ?? [] });
      const { name, password } = await tenant.server.client.tenants.create({ name: 'target' });
      target = { user: name, password };
      directory = await mkdtemp(join(tmpdir(), 'dynabase-dump-'));
      await tenant.ask(await readFile(OBJECTS, 'utf8'));
      original = await asText();
    });

    afterAll(async () => {
      await tenant?.[Symbol.asyncDispose]();
      await removeDataDir(dataDir);
      await rm(directory, { recursive: true, force: true });
    });

    const NOT_OURS = ['--no-owner', '--no-privileges'];

    test('a dump holds every kind of object', () => {
      const kinds = [...original.matchAll(/; Type: ([A-Z ]+);/g)].map(([, kind]) => kind);
      expect(kinds).toEqual(expect.arrayContaining(KINDS));
    });

    test.each(['custom', 'directory', 'plain'])(
      '%s: what is restored is what was dumped',
      async (format) => {
        const name = `from_${format}`;
        const file = join(directory, name);
        const database = { of: 'target', name } as const;
        await run('psql', ['-X', '-q', '-c', `create database ${name}`], {
          of: 'target',
          name: 'target',
        });
        const jobs = format === 'directory' ? ['-j', '2'] : [];
        await run('pg_dump', ['-F', format, '-f', file, ...jobs, ...NOT_OURS]);
        if (format === 'plain') {
          await run(
            'psql',
            ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', file],
            database,
          );
        } else {
          const args = ['--exit-on-error', ...NOT_OURS, '-j', '2', '-d', name, file];
          await run('pg_restore', args, database);
        }
        expect(await asText(database)).toBe(original);
      },
    );
  },
);
