/** libpq itself, as the drivers and the ORM of Python use it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { converse } from '../../testing/conversation.ts';
import { hasPython, PYTHON, titled } from '../../testing/installed.ts';

const PROGRAMS = join(import.meta.dirname, '../../testing/programs');

const SUITES = [
  {
    program: 'psycopg2_client.py',
    isThere: hasPython('psycopg2'),
    debian: 'python3-psycopg2',
  },
  {
    program: 'psycopg3_client.py',
    isThere: hasPython('psycopg'),
    debian: 'python3-psycopg',
  },
  {
    program: 'alembic_client.py',
    isThere: hasPython('psycopg2', 'alembic', 'sqlalchemy'),
    debian: 'python3-alembic and python3-psycopg2',
  },
];

describe.each([false, true])(
  'Python, chaos %s',
  { skip: !SUITES.some(({ isThere }) => isThere) },
  (chaos) => {
    let tenants: ClientTenant;

    beforeAll(async () => {
      tenants = await clientTenant({ chaos });
    });

    afterAll(() => tenants[Symbol.asyncDispose]());

    for (const { program, isThere, debian } of SUITES) {
      test.runIf(isThere)(titled(program, isThere, debian), async () => {
        const database = program.replace('_client.py', '');
        await tenants.ask(`create database ${database}`);
        const said = await converse({
          command: PYTHON,
          args: [join(PROGRAMS, program)],
          env: { ...tenants.libpqEnvironment, PGDATABASE: database, PGUSER: 'acme.acme' },
          rest: () => tenants.rest(),
        });
        expect(said).toEqual({ code: 0, stdout: 'done', stderr: '' });
      });
    }
  },
);
