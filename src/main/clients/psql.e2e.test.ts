import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { converse, type Said } from '../../testing/conversation.ts';
import { runs, titled } from '../../testing/installed.ts';

const isThere = runs('psql', '--version');

/** Lets its database be taken away, and goes on when told: with `-f`, `\prompt` reads stdin. */
const REST = '\\echo rest\n\\prompt answered';

describe.each([false, true])(
  titled('psql, chaos %s', isThere, 'postgresql-client'),
  { skip: !isThere },
  (chaos) => {
    let tenant: ClientTenant;
    let directory: string;

    beforeAll(async () => {
      tenant = await clientTenant({ chaos });
      directory = await mkdtemp(join(tmpdir(), 'dynabase-psql-'));
    });

    afterAll(async () => {
      await tenant[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });

    const psql = (...args: readonly string[]): Promise<Said> =>
      converse({
        command: 'psql',
        args: ['-X', '-q', '-A', '-t', ...args],
        env: tenant.libpqEnvironment,
        rest: () => tenant.rest(),
      });

    /** Lines of a script; `rest` stands for a rest. */
    async function script(lines: readonly string[], ...args: readonly string[]): Promise<Said> {
      const file = join(directory, 'script.sql');
      await writeFile(file, lines.map((line) => (line === 'rest' ? REST : line)).join('\n'));
      return psql('-f', file, ...args);
    }

    const done = (...lines: readonly string[]): Said => ({
      code: 0,
      stdout: lines.join('\n'),
      stderr: '',
    });

    test('several statements in -c are one transaction', async () => {
      const both = await psql('-c', 'create table kept (n int); insert into kept values (1), (2)');
      expect(both).toEqual(done());
      const failing = await psql('-c', 'insert into kept values (3); select 1/0');
      expect(failing.code).toBe(1);
      expect(failing.stderr).toContain('division by zero');
      expect(await psql('-c', 'select sum(n) from kept')).toEqual(done('3'));
    });

    test('PREPARE, \\gset, settings and cursors live through a script', async () => {
      const said = await script([
        'prepare plus(int, int) as select $1 + $2;',
        'rest',
        'execute plus(20, 22);',
        `select 7 as seven, 'x''y' as quoted \\gset`,
        `set app.tenant = 't1'; set datestyle = 'German';`,
        'rest',
        `select :seven, :'quoted', current_setting('app.tenant'), date '2026-02-01';`,
        'begin;',
        'declare c cursor for select generate_series(1, 4);',
        'fetch 2 from c;',
        'rest',
        'fetch 2 from c;',
        'commit;',
        'create temp table scratch as select 5 as n;',
        'rest',
        'table scratch;',
      ]);
      expect(said).toEqual(done('42', "7|x'y|t1|01.02.2026", '1', '2', '3', '4', '5'));
    });

    test('\\copy in and out', async () => {
      const [source, target] = [join(directory, 'in.csv'), join(directory, 'out.csv')];
      const rows = Array.from({ length: 5_000 }, (_, n) => `${n},"row ""${n}"""`).join('\n');
      await writeFile(source, `${rows}\n`);
      const said = await script([
        'create table copied (n int, body text);',
        'rest',
        `\\copy copied from '${source}' csv`,
        'rest',
        `\\copy (select * from copied order by n) to '${target}' csv`,
        `\\! cmp '${source}' '${target}'`,
        `select count(*), max(body) from copied;`,
      ]);
      expect(said).toEqual(done('5000|row "999"'));
    });

    test('\\d describes tables, indexes and owners', async () => {
      const said = await script([
        'create table described (id int primary key, body text not null default $$x$$);',
        'create index by_body on described (body);',
        '\\t off',
        'rest',
        '\\d described',
        'rest',
        '\\dt described',
      ]);
      expect(said.code).toBe(0);
      expect(said.stdout).toContain('id|integer||not null|');
      expect(said.stdout).toContain('"described_pkey" PRIMARY KEY, btree (id)');
      expect(said.stdout).toContain('"by_body" btree (body)');
      expect(said.stdout).toContain('public|described|table|acme');
    });

    test('ON_ERROR_STOP stops, and without it a script goes on', async () => {
      const lines = ['rest', 'select 1;', 'select 1/0;', 'rest', 'select 2;'];
      const stopped = await script(lines, '-v', 'ON_ERROR_STOP=1');
      expect([stopped.code, stopped.stdout]).toEqual([3, '1']);
      const whole = await script(lines);
      expect([whole.code, whole.stdout]).toEqual([0, '1\n2']);
      const single = await script(['create table one_go ();', 'select 1/0;'], '-1');
      expect(single.stderr).toContain('division by zero');
      expect(await psql('-c', `select to_regclass('one_go') is null`)).toEqual(done('t'));
    });

    test('LISTEN hears another session', async () => {
      const said = await script([
        'listen news;',
        'rest',
        `\\! psql -X -q -c "notify news, 'hello'"`,
        'rest',
        'select 1;',
      ]);
      expect(said.code).toBe(0);
      expect(said.stdout).toMatch(
        /^Asynchronous notification "news" with payload "hello" received from server process with PID \d+\.$/m,
      );
    });

    test('\\gexec, \\if and errors inside a transaction', async () => {
      const said = await script([
        `select format('create table made_%s ()', n) from generate_series(1, 3) n \\gexec`,
        'rest',
        `select count(*) = 3 as all_made from pg_class where relname like 'made\\_%' \\gset`,
        '\\if :all_made',
        '\\echo all made',
        '\\endif',
        'begin;',
        'select 1/0;',
        'select 1;',
        'rest',
        'rollback;',
        'select 4;',
      ]);
      expect(said.stdout).toBe('all made\n4');
      expect(said.stderr).toContain('current transaction is aborted');
    });
  },
);
