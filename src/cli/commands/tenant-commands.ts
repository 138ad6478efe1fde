/** `dynabase tenants ...`, and what is done to one tenant. */
import type { Command } from 'commander';
import {
  MAX_PIN_IDLE_MAX_MS,
  MAX_PIN_IDLE_MIN_MS,
  SESSIONS_MAX,
  SUSPEND_AFTER_MAX_MS,
  SUSPEND_AFTER_MIN_MS,
  TENANT_HOMES,
  TENANT_PLANS,
  TENANT_SORTS,
  TENANT_STATES,
  TENANT_TIERS,
} from '../../contract/limits.ts';
import type { NewTenant, TenantChange } from '../../contract/tenants/tenant.ts';
import { askFirst, type Confirmed } from '../ask-first.ts';
import type { Run } from '../command.ts';
import { doWork, type Waiting, withNoWait } from '../long-work.ts';
import { firstOf, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, duration, integer, momentFrom, type Parse } from '../options/parse.ts';
import { secretText, stateText, tenantsText, tenantText } from '../words/tenant-words.ts';
import { spanWords } from '../words/words.ts';
import { addConsent } from './policy-commands.ts';

const suspendAfter = duration({ min: SUSPEND_AFTER_MIN_MS, max: SUSPEND_AFTER_MAX_MS });
const sessionsMax = integer({ min: 1, max: SESSIONS_MAX });
const pinIdle = duration({ min: MAX_PIN_IDLE_MIN_MS, max: MAX_PIN_IDLE_MAX_MS });
const maxPinIdle: Parse<number> = (text, place) => (text === NEVER ? 0 : pinIdle(text, place));

/** What takes a setting back, so that the server's own holds again. */
const DEFAULT = 'default';

const NEVER = 'never';

/** The operator's own tenants are of no customer. */
const NOBODY = 'none';

export function addTenantCommands(program: Command, run: Run): void {
  const tenants = program.command('tenants').description('Create, list and change tenants');
  addCreate(tenants, run);
  addList(tenants, run);
  addShow(tenants, run);
  addShow(program, run);
  addConfigure(tenants, run);
  addConsent(tenants, run);
  addDelete(tenants, run);
  addRotate(tenants, run);
  addWake(program, run);
  addSuspend(program, run);
  addConnectionString(program, run);
}

type Settings = {
  readonly suspendAfter?: string;
  readonly sessionsMax?: string;
  readonly maxPinIdle?: string;
  readonly expires?: string;
  readonly customer?: string;
};

const withSettings = (command: Command): Command =>
  command
    .option('--suspend-after <duration>', 'Idle time before it is suspended, such as 30s or 15m')
    .option('--sessions-max <n>', 'Sessions it may have at once, parked ones too')
    .option(
      '--max-pin-idle <duration>',
      `Idle time after which a session that cannot be parked is ended, or "${NEVER}"`,
    )
    .option('--expires <time>', `When it is deleted by itself: 2h, 7d, 2030-12-31, or "${NEVER}"`)
    .option('--customer <id>', `Whose it is, or "${NOBODY}" for the operator's own`);

type CreateFlags = Settings &
  Waiting & { readonly plan?: string; readonly allow?: readonly string[] };

function addCreate(tenants: Command, run: Run): void {
  withNoWait(
    withSettings(
      tenants
        .command('create')
        .argument('<name>', 'Also its database and its owner role')
        .description('Create a tenant and print how to connect to it')
        .option('--plan <plan>', TENANT_PLANS.join(', '))
        .option(
          '--allow <address...>',
          'Addresses, networks and ranges that its clients may come from; anywhere if not given',
        ),
    ),
  ).action(
    run(async (context, [name = ''], flags: CreateFlags) => {
      const { printer, world } = context;
      const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
      const tenant: NewTenant = {
        name,
        ...(plan === undefined ? {} : { plan }),
        ...(flags.allow === undefined ? {} : { allowedAddresses: [...flags.allow] }),
        ...settingsOf(flags, world.now()),
      };
      const input = { body: tenant };
      const work = { name: 'createTenant', input, doing: `creating ${name}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const created = done.answer;
      printer.answer(created, (style) => secretText(created, 'created', style));
    }),
  );
}

type ListFlags = {
  readonly tier?: string;
  readonly plan?: string;
  readonly home?: string;
  readonly state?: string;
  readonly customer?: string;
  readonly search?: string;
  readonly sort?: string;
  readonly desc?: true;
};

function addList(tenants: Command, run: Run): void {
  tenants
    .command('list')
    .alias('ls')
    .description('List tenants, sorted by name unless --sort says otherwise')
    .option('--tier <tenant-tier>', `Only those of tier ${TENANT_TIERS.join(', ')}`)
    .option('--plan <plan>', `Only those of plan ${TENANT_PLANS.join(', ')}`)
    .option('--home <home>', `Only those whose home is ${TENANT_HOMES.join(', ')}`)
    .option('--state <state>', `Only those that are ${TENANT_STATES.join(', ')}`)
    .option('--customer <id>', 'Only those of this customer')
    .option('--search <text>', 'Only those with this in their name')
    .option('--sort <sort>', `${TENANT_SORTS.join(', ')}; the name decides between equals`)
    .option('--desc', 'The last first')
    .action(
      run(async ({ server, printer, world }, _, flags: ListFlags) => {
        const filters = filtersOf(flags);
        const sort = parsed('--sort', flags.sort, choice(TENANT_SORTS));
        const order = flags.desc ? ('desc' as const) : undefined;
        const query = { ...filters, ...given({ sort, order }) };
        const found = await firstOf((await server()).tenants.list(query));
        const isNone = found.length === 0 && Object.keys(filters).length > 0;
        printer.answer(found, (style) =>
          isNone ? 'no tenant is like that' : tenantsText(found, world.now(), style),
        );
      }),
    );
}

const filtersOf = ({ customer, search, ...flags }: ListFlags) =>
  given({
    ...{ customer, search },
    tier: parsed('--tier', flags.tier?.toUpperCase(), choice(TENANT_TIERS)),
    plan: parsed('--plan', flags.plan, choice(TENANT_PLANS)),
    home: parsed('--home', flags.home, choice(TENANT_HOMES)),
    state: parsed('--state', flags.state, choice(TENANT_STATES)),
  });

/** Under `tenants`, and by itself: it is what is asked most. */
function addShow(parent: Command, run: Run): void {
  parent
    .command('show')
    .argument('<name>', 'Name or id')
    .description('Show a tenant, how it is kept, what comes next, and why')
    .action(
      run(async ({ server, printer, world }, [name = '']) => {
        const client = await server();
        const tenant = await client.tenants.get(name);
        const policy = await client.tenants.explain(tenant.id);
        const some = !printer.json && tenant.sessions > 0;
        const sessions = some ? await client.tenants.sessions(tenant.id) : [];
        const shown = { tenant, sessions, policy };
        printer.answer({ ...tenant, policy }, (style) => tenantText(shown, world.now(), style));
      }),
    );
}

function addConfigure(tenants: Command, run: Run): void {
  withSettings(
    tenants
      .command('configure')
      .argument('<name>', 'Name or id')
      .description(`Change the settings of a tenant; "${DEFAULT}" takes one back`),
  ).action(
    run(async ({ server, printer, world }, [name = ''], flags: Settings) => {
      const change: TenantChange = settingsOf(flags, world.now());
      const tenant = await (await server()).tenants.change(name, change);
      printer.answer(tenant, (style) => tenantText({ tenant }, world.now(), style));
    }),
  );
}

function addDelete(tenants: Command, run: Run): void {
  withNoWait(
    tenants
      .command('delete')
      .alias('rm')
      .argument('<name>', 'Name or id')
      .description('Delete a tenant and all its data')
      .option('-y, --yes', 'Do not ask'),
  ).action(
    run(async (context, [ref = ''], flags: Confirmed & Waiting) => {
      const { server, printer, world } = context;
      const { id, name } = await (await server()).tenants.get(ref);
      await askFirst(world, flags, {
        name,
        doing: `deleting "${name}"`,
        undone: 'nothing was deleted',
        question: `Type "${name}" to delete it and all its data`,
      });
      const input = { params: { ref: id } };
      const work = { name: 'deleteTenant', input, doing: `deleting ${name}` } as const;
      if ((await doWork(context, flags, work)) === null) return;
      printer.answer({ id, name, deleted: true }, () => `deleted ${name}`);
    }),
  );
}

function addRotate(tenants: Command, run: Run): void {
  tenants
    .command('rotate-password')
    .argument('<name>', 'Name or id')
    .description('Give the owner role a new password; the old one is refused from then on')
    .action(
      run(async ({ server, printer }, [name = '']) => {
        const tenant = await (await server()).tenants.rotatePassword(name);
        printer.answer(tenant, (style) => secretText(tenant, 'new password for', style));
      }),
    );
}

function addWake(program: Command, run: Run): void {
  withNoWait(
    program
      .command('wake')
      .argument('<name>', 'Name or id')
      .description('Start a tenant; clients need not, since connecting wakes'),
  ).action(
    run(async (context, [name = ''], flags: Waiting) => {
      const { printer, world } = context;
      const before = world.now();
      const input = { params: { ref: name } };
      const work = { name: 'wakeTenant', input, doing: `waking ${name}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const tenant = done.answer;
      const took = spanWords(world.now() - before);
      printer.answer(
        tenant,
        (style) => `${tenant.name} is ${stateText(tenant, style)} ${style.dim(`(${took})`)}`,
      );
    }),
  );
}

function addSuspend(program: Command, run: Run): void {
  withNoWait(
    program
      .command('suspend')
      .argument('<name>', 'Name or id')
      .description('Stop a tenant; its data stays, and the next client wakes it'),
  ).action(
    run(async (context, [name = ''], flags: Waiting) => {
      const input = { params: { ref: name } };
      const work = { name: 'suspendTenant', input, doing: `suspending ${name}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const tenant = done.answer;
      context.printer.answer(tenant, (style) => `${tenant.name} is ${stateText(tenant, style)}`);
    }),
  );
}

function addConnectionString(program: Command, run: Run): void {
  program
    .command('connection-string')
    .argument('<name>', 'Name or id')
    .description('Print where clients of a tenant connect, without a password')
    .option('--ticket', 'With a login as the owner that is good for about a minute')
    .action(
      run(async ({ server, printer }, [name = ''], flags: { readonly ticket?: true }) => {
        const { tenants } = await server();
        const found = await (flags.ticket ? tenants.ticket(name) : tenants.connectionString(name));
        printer.answer(found, () => found.connectionUri);
      }),
    );
}

function settingsOf(flags: Settings, now: number): TenantChange {
  const after = parsed('--suspend-after', flags.suspendAfter, orDefault(suspendAfter));
  const pinned = parsed('--max-pin-idle', flags.maxPinIdle, orDefault(maxPinIdle));
  const most = parsed('--sessions-max', flags.sessionsMax, orDefault(sessionsMax));
  const end = flags.expires === NEVER ? null : parsed('--expires', flags.expires, momentFrom(now));
  const customer = flags.customer === NOBODY ? null : flags.customer;
  return {
    ...given({ expiresAt: end, customer }),
    ...(after === undefined ? {} : { suspendAfterMs: after }),
    ...(most === undefined ? {} : { sessionsMax: most }),
    ...(pinned === undefined ? {} : { maxPinIdleMs: pinned }),
  };
}

const orDefault =
  <T>(parse: Parse<T>): Parse<T | null> =>
  (text, place) =>
    text === DEFAULT ? null : parse(text, place);
