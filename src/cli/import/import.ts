/**
 * Makes a tenant out of any PostgreSQL from version 12 on.
 *
 *   1. One snapshot is taken there. All that is read, by however many connections, is of that moment.
 *   2. Schema, rows, then indexes and constraints are made here, as the owner of the new tenant.
 *   3. The rows of every table are counted and compared.
 *
 * Rows go from there to here as they come. Whoever calls removes the tenant when this fails.
 */
import type { World } from '../world.ts';
import { readSchema, type Schema, type SourceTable } from './read-schema.ts';
import type { SchemaReader } from './schema-readers.ts';
import { ImportError, ImportSession } from './session.ts';
import type { SourceAddress } from './source-address.ts';

/** PostgreSQL of which the catalog is known. */
const MAJOR_MIN = 12;

export type ImportRequest = {
  readonly world: World;
  readonly source: SourceAddress;
  /** A login for each connection; it holds for about a minute. */
  readonly tenant: () => Promise<SourceAddress>;
  readonly schemaBy: SchemaReader;
  /** Tables copied at the same time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly progress: (now: Progress) => void;
};

export type Progress = {
  readonly step: string;
  readonly bytes?: number;
  readonly bytesTotal?: number;
};

export type Imported = {
  readonly schemaBy: Schema['by'];
  readonly sourceVersion: string;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  readonly extensions: readonly string[];
  /** What was not carried over, and why. */
  readonly left: readonly string[];
};

export async function importDatabase(request: ImportRequest): Promise<Imported> {
  const sessions: ImportSession[] = [];
  const stop = () => {
    for (const session of sessions) session.destroy();
  };
  request.signal.addEventListener('abort', stop);
  const open = async (side: 'source' | 'tenant') => {
    request.signal.throwIfAborted();
    const session = await ImportSession.open(
      side,
      side === 'source' ? request.source : await request.tenant(),
    );
    sessions.push(session);
    await prepare(session, side);
    return session;
  };
  try {
    return await new Import(request, open).run();
  } catch (error) {
    request.signal.throwIfAborted();
    throw error;
  } finally {
    request.signal.removeEventListener('abort', stop);
    await Promise.all(sessions.map((session) => session.close()));
  }
}

/** Both write and read values in one form, wait as long as it takes, and name everything in full. */
async function prepare(session: ImportSession, side: 'source' | 'tenant'): Promise<void> {
  const settings = [
    ...["client_encoding = 'UTF8'", "datestyle = 'ISO, MDY'", "intervalstyle = 'postgres'"],
    ...['extra_float_digits = 3', "search_path = ''", 'statement_timeout = 0', 'lock_timeout = 0'],
    ...['idle_in_transaction_session_timeout = 0', 'client_min_messages = error'],
    side === 'source' ? 'row_security = off' : 'check_function_bodies = off',
  ];
  await session.run(settings.map((setting) => `set ${setting};`).join(' '));
}

class Import {
  readonly #request: ImportRequest;
  readonly #open: (side: 'source' | 'tenant') => Promise<ImportSession>;
  readonly #left: string[] = [];

  constructor(request: ImportRequest, open: (side: 'source' | 'tenant') => Promise<ImportSession>) {
    this.#request = request;
    this.#open = open;
  }

  async run(): Promise<Imported> {
    const { world, source: address, schemaBy: wanted, signal, jobs, progress } = this.#request;
    progress({ step: 'reading the schema' });
    const source = await this.#open('source');
    const version = await versionOf(source);
    const snapshot = await begin(source, null);
    const schema = await readSchema(source, { world, address, snapshot, wanted, signal });
    if (schema === null) {
      throw new ImportError(
        'source',
        new Error('no pg_dump of its version or a newer one is there'),
      );
    }
    this.#left.push(...schema.left);
    const tenant = await this.#open('tenant');
    progress({ step: 'making the schema' });
    const extensions = await this.#makeExtensions(tenant, schema);
    await this.#make(tenant, schema.before);
    const pairs = [{ source, tenant }];
    for (let i = 1; i < Math.min(jobs, schema.tables.length) && snapshot !== null; i++) {
      const other = await this.#open('source');
      await begin(other, snapshot);
      pairs.push({ source: other, tenant: await this.#open('tenant') });
    }
    const copied = await this.#copyAll(pairs, schema.tables);
    await setSequences(source, tenant, schema.sequences);
    await source.run('commit');
    progress({ step: 'making indexes and constraints' });
    await this.#make(tenant, schema.after);
    await this.#make(tenant, schema.filled);
    progress({ step: 'counting rows' });
    const tables = await counted(tenant, schema.tables, copied);
    await tenant.run('analyze');
    return { schemaBy: schema.by, sourceVersion: version, tables, extensions, left: this.#left };
  }

  /** Those that this PostgreSQL has and its owner may make. */
  async #makeExtensions(tenant: ImportSession, schema: Schema): Promise<readonly string[]> {
    const made: string[] = [];
    const known = await tenant.rows<{ readonly name: string }>(
      'select name from pg_available_extensions',
    );
    const names = new Set(known.map(({ name }) => name));
    for (const { name, sql } of schema.extensions) {
      if (!names.has(name)) {
        this.#left.push(`extension ${name}: it is not installed here`);
        continue;
      }
      const schemaName = / with schema (.*) cascade$/.exec(sql)?.[1] ?? 'public';
      if (schemaName !== 'public' && schemaName !== 'pg_catalog') {
        await tenant.run(`create schema if not exists ${schemaName}`);
      }
      if (await this.#tolerated(tenant, sql, `extension ${name}`)) made.push(name);
    }
    return made;
  }

  async #make(tenant: ImportSession, statements: readonly string[]): Promise<void> {
    for (const sql of statements) await this.#tolerated(tenant, sql, nameOf(sql));
  }

  /** What an owner may not make is told, and left out. */
  async #tolerated(tenant: ImportSession, sql: string, what: string): Promise<boolean> {
    const again = sql.replace(/^CREATE SCHEMA (?!IF NOT)/, 'CREATE SCHEMA IF NOT EXISTS ');
    try {
      await tenant.run(again);
      return true;
    } catch (error) {
      if (!(error instanceof ImportError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      this.#left.push(`${what}: the owner of a tenant may not make it`);
      return false;
    }
  }

  /** The largest first, so that the last ones to end are small. Rows by name of the table. */
  async #copyAll(pairs: readonly Pair[], tables: readonly SourceTable[]) {
    const { progress } = this.#request;
    const copied = new Map<string, number>();
    const bytesTotal = tables.reduce((sum, table) => sum + table.bytes, 0);
    const waiting = [...tables];
    let bytes = 0;
    const work = async ({ source, tenant }: Pair) => {
      for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
        const { name } = table;
        const list = table.columns === '' ? '' : ` (${table.columns})`;
        const step = `copying ${name}`;
        progress({ step, bytes, bytesTotal });
        const rows = await source.copyTo(tenant, {
          to: `copy ${name}${list} to stdout`,
          from: `copy ${name}${list} from stdin`,
          onBytes: (more) => {
            bytes += more;
            progress({ step, bytes, bytesTotal });
          },
        });
        copied.set(name, rows);
      }
    };
    await Promise.all(
      pairs.map((pair) =>
        work(pair).catch((error: unknown) => {
          // The others need not go on.
          waiting.length = 0;
          throw error;
        }),
      ),
    );
    return copied;
  }
}

type Pair = { readonly source: ImportSession; readonly tenant: ImportSession };

const INSUFFICIENT_PRIVILEGE = '42501';

async function versionOf(source: ImportSession): Promise<string> {
  const [server] = await source.rows<{ readonly version: string }>(
    "select current_setting('server_version') as version",
  );
  const version = server?.version ?? '';
  if (!(Number.parseInt(version, 10) >= MAJOR_MIN)) {
    const why = `it is PostgreSQL ${version}; ${MAJOR_MIN} or newer can be imported`;
    throw new ImportError('source', Object.assign(new Error(why), { code: '0A000' }));
  }
  return version;
}

/** One moment for all that is read. Gives its name to others, or null where it may not be given away. */
async function begin(source: ImportSession, snapshot: string | null): Promise<string | null> {
  await source.run('begin isolation level repeatable read read only');
  if (snapshot !== null) {
    await source.run(`set transaction snapshot '${snapshot}'`);
    return snapshot;
  }
  const [exported] = await source.rows<{ readonly name: string }>(
    'select case when pg_is_in_recovery() then null else pg_export_snapshot() end as name',
  );
  return exported?.name ?? null;
}

async function setSequences(
  source: ImportSession,
  tenant: ImportSession,
  sequences: readonly string[],
): Promise<void> {
  for (const name of sequences) {
    const [at] = await source.rows<{ readonly value: string; readonly called: string }>(
      `select last_value as value, is_called as called from ${name}`,
    );
    if (at === undefined) continue;
    await tenant.rows('select pg_catalog.setval($1::pg_catalog.regclass, $2, $3)', [
      name,
      at.value,
      at.called,
    ]);
  }
}

/** Throws where a table has not as many rows as were read. */
async function counted(
  tenant: ImportSession,
  tables: readonly SourceTable[],
  copied: ReadonlyMap<string, number>,
): Promise<Imported['tables']> {
  const found: { table: string; rows: number }[] = [];
  for (const { name } of tables) {
    const [row] = await tenant.rows<{ readonly count: string }>(
      `select count(*) as count from only ${name}`,
    );
    const rows = Number(row?.count ?? Number.NaN);
    const wanted = copied.get(name) ?? 0;
    if (rows !== wanted) {
      const why = `${name} has ${rows} rows, and ${wanted} were read`;
      throw new ImportError('tenant', Object.assign(new Error(why), { code: 'XX001' }));
    }
    found.push({ table: name, rows });
  }
  return found.sort((a, b) => (a.table < b.table ? -1 : 1));
}

/** `CREATE EVENT TRIGGER x ON ...` as `event trigger x`, and a function with its arguments. */
function nameOf(sql: string): string {
  const bare = sql.replace(/^(?:create|alter|comment on)\s+(?:or replace\s+)?/i, '');
  const routine = /^(?:function|procedure|aggregate)\s[^)]*\)/i.exec(bare)?.[0];
  return (routine ?? bare.split(/\s+/).slice(0, 3).join(' ')).toLowerCase();
}
