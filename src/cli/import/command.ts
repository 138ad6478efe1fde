/** `dynabase import`: a tenant out of an exported file, or out of any PostgreSQL. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { NewTenant, TenantSecret } from '../../contract/tenants/tenant.ts';
import type { DynaBase } from '../../sdk/client.ts';
import type { Context, Run } from '../command.ts';
import { badRequest, onFile } from '../failure.ts';
import { interruptible } from '../interruptible.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer } from '../options/parse.ts';
import { tableText } from '../words/layout.ts';
import { progressLine } from '../words/progress.ts';
import type { Style } from '../words/style.ts';
import { secretText } from '../words/tenant-words.ts';
import { bytesWords, countWords, spanWords } from '../words/words.ts';
import type { World } from '../world.ts';
import type { Imported } from './import.ts';
import { SCHEMA_READERS } from './schema-readers.ts';
import { isSource, sourceAddress } from './source-address.ts';

/** Stands for standard input. */
const STANDARD = '-';

const JOBS_MAX = 32;

type Flags = { readonly plan?: string; readonly jobs?: string; readonly schemaBy?: string };

export function addImportCommand(program: Command, run: Run): void {
  program
    .command('import')
    .argument('<name>', 'Of the new tenant')
    .argument(
      '<source>',
      `What "dynabase export" wrote, "${STANDARD}" for standard input, postgresql://USER@HOST/DATABASE, or env:NAME of a variable that holds such a connection string`,
    )
    .description('Create a tenant out of an exported file, or of a PostgreSQL 12 or newer')
    .option('--plan <plan>', TENANT_PLANS.join(', '))
    .option('--jobs <n>', 'Tables of a PostgreSQL copied at the same time')
    .option(
      '--schema-by <reader>',
      'Who reads the schema: pg_dump, catalog (ourselves), or auto for pg_dump where one fits',
    )
    .addHelpText('after', PASSWORD_HELP)
    .action(
      run(async (context, [name = '', source = ''], flags: Flags) => {
        const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
        const tenant = { name, ...(plan === undefined ? {} : { plan }) };
        if (isSource(source)) await fromPostgres(context, { tenant, source, flags });
        else await fromFile(context, tenant, source);
      }),
    );
}

const PASSWORD_HELP = `
A password is read from PGPASSWORD, ~/.pgpass or the variable that env:NAME names, never from the
command, which other users of the machine can see. Everything becomes the new owner's; at the end
the rows of every table are counted and compared, and what could not be carried over is listed.`;

async function fromFile(context: Context, tenant: NewTenant, file: string): Promise<void> {
  const { server, printer, world } = context;
  const client = await server();
  const parts = file === STANDARD ? world.stdin : await partsOf(world, file);
  const made = await interruptible(world, (signal) =>
    client.tenants.import(tenant, parts, { signal }),
  );
  printer.answer(made, (style) => secretText(made, 'imported', style));
}

async function partsOf(world: World, file: string): Promise<AsyncIterable<Uint8Array>> {
  const parts = await onFile(file, 'read', () => world.readFile(file));
  if (parts === undefined) throw badRequest(`there is no file ${file}`);
  return parts;
}

type FromPostgres = {
  readonly tenant: NewTenant;
  readonly source: string;
  readonly flags: Flags;
};

async function fromPostgres(context: Context, asked: FromPostgres): Promise<void> {
  const { world, printer } = context;
  const { importDatabase } = await import('./import.ts');
  const range = integer({ min: 1, max: JOBS_MAX });
  const jobs =
    parsed('--jobs', asked.flags.jobs, range) ?? Math.min(4, Math.max(2, availableParallelism()));
  const schemaBy = parsed('--schema-by', asked.flags.schemaBy, choice(SCHEMA_READERS)) ?? 'auto';
  const source = await sourceAddress(world, asked.source);
  const client = await context.server();
  const before = world.now();
  const line = progressLine(world, printer);
  const done = await interruptible(world, async (signal) => {
    const tenant = await client.tenants.create(asked.tenant, { signal });
    try {
      const ticket = async () => (await client.tenants.ticket(tenant.id)).connectionUri;
      const imported = await importDatabase({
        ...{ world, source, schemaBy, jobs, signal },
        tenant: async () => tenantAddress(await ticket()),
        progress: ({ step, bytes, bytesTotal }) =>
          line.show(
            step,
            bytes === undefined
              ? ''
              : `${bytesWords(bytes)} of about ${bytesWords(Math.max(bytes, bytesTotal ?? 0))}`,
          ),
      });
      return { tenant, imported };
    } catch (error) {
      await removed(client, tenant, printer.note.bind(printer));
      throw error;
    } finally {
      line.end();
    }
  });
  const ms = world.now() - before;
  const { tenant, imported } = done;
  printer.answer({ ...tenant, import: { ...imported, ms } }, (style) =>
    importedText(tenant, imported, { ms, style }),
  );
}

/** A half of a database would be taken for a whole one. */
async function removed(
  client: DynaBase,
  { id, name }: TenantSecret,
  note: (text: string) => void,
): Promise<void> {
  try {
    await client.tenants.delete(id);
  } catch {
    note(`the tenant "${name}" is there with a part of the data; dynabase tenants delete ${name}`);
  }
}

/** The login of a ticket. As for `dynabase sql`, its proof is bound to the connection. */
function tenantAddress(connectionUri: string) {
  const uri = new URL(connectionUri);
  return {
    host: uri.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(uri.port || '5432'),
    user: decodeURIComponent(uri.username),
    password: decodeURIComponent(uri.password),
    database: decodeURIComponent(uri.pathname.slice(1)),
    sslMode: 'prefer',
    sslRootCert: undefined,
  } as const;
}

function importedText(
  tenant: TenantSecret,
  { tables, left, extensions, sourceVersion }: Imported,
  { ms, style }: { readonly ms: number; readonly style: Style },
): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const columns = [{ head: 'TABLE' }, { head: 'ROWS', align: 'right' }] as const;
  const counts = tables.map((table) => [table.table, countWords(table.rows)]);
  return [
    ...(tables.length === 0 ? [] : [tableText(columns, counts, style), '']),
    `${countWords(rows)} rows of ${tables.length === 1 ? '1 table' : `${countWords(tables.length)} tables`} from PostgreSQL ${sourceVersion}, counted here and there ${style.dim(`(${spanWords(ms)})`)}`,
    ...(extensions.length === 0 ? [] : [`extensions: ${extensions.join(', ')}`]),
    ...left.map((what) => `${style.yellow('not carried over:')} ${what}`),
    '',
    secretText(tenant, 'imported', style),
  ].join('\n');
}
