import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { converse } from '../../testing/conversation.ts';
import { runs, titled } from '../../testing/installed.ts';

const DRIVER = '/usr/share/java/postgresql.jar';
const PROGRAM = join(import.meta.dirname, '../../testing/programs/JdbcClient.java');

/** `java FILE.java` needs the compiler. */
const isThere = existsSync(DRIVER) && runs('java', '--list-modules') && runs('javac', '--version');

describe.each([false, true])(
  titled('JDBC, chaos %s', isThere, 'libpostgresql-jdbc-java and default-jdk-headless'),
  { skip: !isThere },
  (chaos) => {
    let tenant: ClientTenant;

    beforeAll(async () => {
      tenant = await clientTenant({ chaos });
    });

    afterAll(() => tenant[Symbol.asyncDispose]());

    test('prepares on the server, batches, fetches in parts, saves by itself, copies, cancels', async () => {
      const { host, port, database } = tenant.connection;
      const url = `jdbc:postgresql://${host}:${port}/${database}`;
      const said = await converse({
        command: 'java',
        args: ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', DRIVER, PROGRAM, url],
        env: tenant.libpqEnvironment,
        rest: () => tenant.rest(),
      });
      expect(said).toEqual({ code: 0, stdout: 'done', stderr: '' });
    });
  },
);
