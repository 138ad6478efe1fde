/** What is inside tenants, without databases: kept in memory, changed at once. */
import { type InsideDesks, openInsideDesks } from '../control/inside/inside-desks.ts';
import type { TicketBook } from '../control/tickets.ts';
import { fault } from '../domain/faults.ts';
import type { Address } from '../domain/host.ts';
import type { TenantId } from '../domain/ids.ts';
import type {
  CountedStatement,
  EffectiveSetting,
  Extension,
  ExtensionWish,
  Interior,
  Place,
  RoleChange,
  SettingChange,
  StatementCounts,
  TenantDatabase,
  TenantRole,
} from '../domain/interior.ts';
import type { QueryOutcome, QueryRequest, QueryRunner } from '../domain/query.ts';
import { ms } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { pageOfTenants } from '../sim/tenant-pages.ts';
import type { MemoryControl } from './memory-control.ts';

const NOBODY: Omit<TenantRole, 'name'> = {
  ...{ isOwner: false, access: 'none', mayLogIn: true, hasPassword: true },
  ...{ connectionsMax: null, validUntil: null, memberOf: [] },
};

const extension = (name: string, isTrusted: boolean): Extension => ({
  ...{ name, comment: `what ${name} is for`, defaultVersion: '1.1', versions: ['1.0', '1.1'] },
  ...{ isTrusted, requires: [], installed: null },
});

const EXTENSIONS: readonly Extension[] = [
  extension('bloom', false),
  extension('file_fdw', false),
  extension('hstore', true),
  extension('postgres_fdw', false),
];

const SETTING: EffectiveSetting = {
  ...{ name: 'work_mem', value: '4MB', set: null, source: 'server', unit: 'kB' },
  ...{ type: 'integer', choices: null, summary: 'Sets the maximum memory for query workspaces.' },
};

const STATEMENT: CountedStatement = {
  ...{ id: '4711', text: 'select $1', isCut: false, role: null, database: null },
  ...{ calls: 4, totalMs: 10, meanMs: 2.5, longestMs: 4, rows: 4, fromMemory: null },
};

const refused = (why: string, sqlstate: string) =>
  fault('QUERY_FAILED', { why }, { database: { sqlstate } });

type Contents = {
  readonly roles: Map<string, TenantRole>;
  readonly databases: Map<string, TenantDatabase>;
  readonly extensions: Map<string, Extension>;
  setting: EffectiveSetting;
};

class MemoryInterior implements Interior {
  readonly #contents = new Map<TenantId, Contents>();
  readonly #forgotten = new Set<TenantId>();

  async roles(place: Place): Promise<readonly TenantRole[]> {
    return sorted(this.#of(place).roles);
  }

  async createRole(place: Place, name: string, role: RoleChange): Promise<void> {
    const { roles } = this.#of(place);
    if (roles.has(name)) throw refused(`role "${name}" already exists`, '42710');
    roles.set(name, roleWith({ ...NOBODY, name }, role));
  }

  async changeRole(place: Place, name: string, change: RoleChange): Promise<void> {
    const { roles } = this.#of(place);
    const role = roles.get(name);
    if (role !== undefined) roles.set(name, roleWith(role, change));
  }

  async dropRole(place: Place, name: string): Promise<void> {
    this.#of(place).roles.delete(name);
  }

  async prepareReader(): Promise<void> {}

  async databases(place: Place): Promise<readonly TenantDatabase[]> {
    return sorted(this.#of(place).databases);
  }

  async createDatabase(place: Place, name: string): Promise<void> {
    const { databases } = this.#of(place);
    if (databases.has(name)) throw refused(`database "${name}" already exists`, '42P04');
    databases.set(name, { name, isDefault: false, owner: place.name, bytes: 7_000_000 });
  }

  async dropDatabase(place: Place, name: string): Promise<void> {
    this.#of(place).databases.delete(name);
  }

  async extensions(place: Place): Promise<readonly Extension[]> {
    return sorted(this.#of(place).extensions);
  }

  async createExtension(place: Place, { name, version, schema }: ExtensionWish): Promise<void> {
    const { extensions } = this.#of(place);
    const found = extensions.get(name);
    if (found === undefined) return;
    const installed = { version: version ?? found.defaultVersion, schema, isOwners: true };
    extensions.set(name, { ...found, installed });
  }

  async updateExtension(place: Place, wish: Omit<ExtensionWish, 'schema'>): Promise<void> {
    const schema = this.#of(place).extensions.get(wish.name)?.installed?.schema ?? 'public';
    await this.createExtension(place, { ...wish, schema });
  }

  async dropExtension(place: Place, { name }: { readonly name: string }): Promise<void> {
    const { extensions } = this.#of(place);
    const found = extensions.get(name);
    if (found !== undefined) extensions.set(name, { ...found, installed: null });
  }

  async settings(place: Place): Promise<readonly EffectiveSetting[]> {
    return [this.#of(place).setting];
  }

  async changeSettings(place: Place, _: string, changes: readonly SettingChange[]): Promise<void> {
    const contents = this.#of(place);
    for (const { value } of changes) {
      const { value: first } = SETTING;
      const source = value === null ? 'server' : 'database';
      contents.setting = { ...SETTING, set: value, value: value ?? first, source };
    }
  }

  async statements({ tenant, name }: Place): Promise<StatementCounts> {
    const statements = this.#forgotten.has(tenant) ? [] : [{ ...STATEMENT, role: name }];
    const { calls, totalMs } = STATEMENT;
    const all = statements.length === 0 ? { calls: 0, totalMs: 0 } : { calls, totalMs };
    return {
      kind: 'counted',
      since: null,
      dropped: 0,
      known: statements.length,
      ...all,
      statements,
    };
  }

  async forgetStatements({ tenant }: Place): Promise<void> {
    this.#forgotten.add(tenant);
  }

  #of({ tenant, name }: Place): Contents {
    const known = this.#contents.get(tenant);
    if (known !== undefined) return known;
    const owner: TenantRole = { ...NOBODY, name, isOwner: true, access: 'owner' };
    const own: TenantDatabase = { name, isDefault: true, owner: name, bytes: 7_000_000 };
    const contents: Contents = {
      roles: new Map([[name, owner]]),
      databases: new Map([[name, own]]),
      extensions: new Map(EXTENSIONS.map((one) => [one.name, one])),
      setting: SETTING,
    };
    this.#contents.set(tenant, contents);
    return contents;
  }
}

function roleWith(role: TenantRole, { verifier, ...change }: RoleChange): TenantRole {
  return {
    ...role,
    ...change,
    ...(verifier === undefined ? {} : { hasPassword: verifier !== null }),
  };
}

const sorted = <T extends { readonly name: string }>(map: ReadonlyMap<string, T>): readonly T[] =>
  [...map.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Answers every query with what was asked. */
class EchoedQueries implements QueryRunner {
  async run({ sql, params, readOnly }: QueryRequest): Promise<QueryOutcome> {
    const columns = [{ name: 'asked', type: 'text', typeId: 25 }];
    const rows = [{ asked: sql, params, readOnly }];
    const result = { columns, rows, rowCount: 1, command: 'SELECT', truncated: false, notices: [] };
    return { results: [result], noticesLeftOut: 0, connecting: ms(3), took: ms(1) };
  }
}

const ADDRESS: Address = { socketPath: '/nowhere' };

/** The desks over tenants of `control`, which wake when somebody goes inside. */
export function memoryInsideDesks(
  control: MemoryControl,
  tickets: Pick<TicketBook, 'issue'>,
  allowedExtensions: () => readonly string[],
): InsideDesks {
  const find = (is: (one: { id: string; name: string }) => boolean) => control.tenants().find(is);
  return openInsideDesks({
    catalog: {
      tenantById: async (id) => find((tenant) => tenant.id === id),
      tenantByName: async (name) => find((tenant) => tenant.name === name),
      listTenants: async (query) => pageOfTenants(control.tenants(), query),
      steps: async () => control.steps,
    },
    lifecycle: {
      inside: async (id, work) => {
        await control.wakeTenant(id);
        return await work(ADDRESS);
      },
      live: () => ({
        ...{ sessions: control.sessions, bound: control.sessions, heldBy: null, idleSince: null },
        ...{ suspendAt: null, lastSuspendRefusal: null, descent: null },
      }),
    },
    interior: new MemoryInterior(),
    passwords: { generate: () => 'made-here', verifierOf: async () => 'SCRAM-SHA-256' },
    tickets,
    queryRunner: new EchoedQueries(),
    rules: () => PRESETS.adaptive,
    allowedExtensions,
    proxy: { host: 'localhost', port: 6432 },
    requireTls: false,
  });
}
