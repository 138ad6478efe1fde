/** What the operations on the inside of tenants do, and those on where they run. */
import {
  QUERY_BYTES_DEFAULT,
  QUERY_ROWS_DEFAULT,
  QUERY_TIMEOUT_DEFAULT_MS,
  STATEMENTS_DEFAULT,
} from '../../contract/limits.ts';
import type { BodyOf } from '../../contract/routes.ts';
import { PASSWORD_PLACE } from '../../control/inside/connection-strings.ts';
import type { InsideDesks } from '../../control/inside/inside-desks.ts';
import type { QueryAsked } from '../../control/inside/query-desk.ts';
import type { RoleSettings } from '../../control/inside/role-desk.ts';
import { customerOf } from '../../domain/caller.ts';
import { ms } from '../../domain/units.ts';
import { printCompute, printComputes, printPlans, printTiers } from '../print/print-computes.ts';
import {
  printDatabase,
  printExtension,
  printQuery,
  printRole,
  printRoleSecret,
  printSettings,
  printStatements,
} from '../print/print-inside.ts';
import type { Actions } from './actions.ts';

type InsideAction =
  | RoleAction
  | DatabaseAction
  | ExtensionAction
  | SettingAction
  | ComputeAction
  | 'listStatements'
  | 'forgetStatements'
  | 'query'
  | 'listConnectionStrings';

/** Computes on a page when the client does not say. */
const PAGE_DEFAULT = 100;

export const insideActions = (desks: InsideDesks): Pick<Actions, InsideAction> => ({
  ...roleActions(desks),
  ...databaseActions(desks),
  ...extensionActions(desks),
  ...settingActions(desks),
  ...computeActions(desks),
  listStatements: async ({ params, query, caller }) => {
    const { sort: order = 'total', limit = STATEMENTS_DEFAULT } = query;
    return printStatements(await desks.statements.list(params.ref, { order, limit }, caller));
  },
  forgetStatements: async ({ params }) => {
    await desks.statements.forget(params.ref);
    return undefined;
  },
  query: async ({ params, body, caller, gone }) =>
    printQuery(await desks.queries.run(params.ref, askedOf(body), { caller, signal: gone() })),
  listConnectionStrings: async ({ params, query }) => {
    const { role = null, database = null, pooled = false } = query;
    const found = await desks.strings.strings(params.ref, { role, database, pooled });
    const forms = found.forms.map((form) => ({ ...form }));
    return { ...found, forms, placeholder: PASSWORD_PLACE };
  },
});

type RoleAction =
  | 'listRoles'
  | 'createRole'
  | 'getRole'
  | 'changeRole'
  | 'deleteRole'
  | 'rotateRolePassword';

const roleActions = ({ roles }: InsideDesks): Pick<Actions, RoleAction> => ({
  listRoles: async ({ params }) => ({ roles: (await roles.roles(params.ref)).map(printRole) }),
  createRole: async ({ params, body: { name, password, ...settings } }) =>
    printRoleSecret(
      await roles.createRole(params.ref, {
        name,
        ...settingsOf(settings),
        ...(password === undefined ? {} : { password }),
      }),
    ),
  getRole: async ({ params }) => printRole(await roles.role(params.ref, params.role)),
  changeRole: async ({ params, body }) =>
    printRole(await roles.changeRole(params.ref, params.role, settingsOf(body))),
  deleteRole: async ({ params }) => {
    await roles.deleteRole(params.ref, params.role);
    return undefined;
  },
  rotateRolePassword: async ({ params, body }) =>
    printRoleSecret(await roles.rotatePassword(params.ref, params.role, body.password)),
});

function settingsOf({ login, ...rest }: BodyOf<'changeRole'>): RoleSettings {
  return { ...rest, ...(login === undefined ? {} : { mayLogIn: login }) };
}

type DatabaseAction = 'listDatabases' | 'createDatabase' | 'deleteDatabase';

const databaseActions = ({ roles }: InsideDesks): Pick<Actions, DatabaseAction> => ({
  listDatabases: async ({ params }) => ({
    databases: (await roles.databases(params.ref)).map(printDatabase),
  }),
  createDatabase: async ({ params, body }) =>
    printDatabase(await roles.createDatabase(params.ref, body.name)),
  deleteDatabase: async ({ params }) => {
    await roles.deleteDatabase(params.ref, params.database);
    return undefined;
  },
});

type ExtensionAction = 'listExtensions' | 'putExtension' | 'deleteExtension';

const extensionActions = ({ extensions }: InsideDesks): Pick<Actions, ExtensionAction> => ({
  listExtensions: async ({ params, query }) => ({
    extensions: (await extensions.list(params.ref, query.database ?? null)).map(printExtension),
  }),
  putExtension: async ({ params: { ref, extension: name }, query, body }) => {
    const { version = null, schema = null } = body;
    const place = { name, database: query.database ?? null };
    return printExtension(await extensions.put(ref, place, { version, schema }));
  },
  deleteExtension: async ({ params: { ref, extension: name }, query }) => {
    const place = { name, database: query.database ?? null };
    await extensions.delete(ref, place, query.cascade ?? false);
    return undefined;
  },
});

type SettingAction = 'listTenantSettings' | 'changeTenantSettings';

const settingActions = ({ tenantSettings }: InsideDesks): Pick<Actions, SettingAction> => ({
  listTenantSettings: async ({ params, query }) =>
    printSettings(await tenantSettings.list(params.ref, query.database ?? null)),
  changeTenantSettings: async ({ params, query, body }) =>
    printSettings(await tenantSettings.change(params.ref, query.database ?? null, body.settings)),
});

type ComputeAction = 'getCompute' | 'listComputes' | 'listPlans' | 'listTiers';

const computeActions = ({ computes }: InsideDesks): Pick<Actions, ComputeAction> => ({
  getCompute: async ({ params }) => printCompute(await computes.show(params.ref)),
  listComputes: async ({ query, caller }) => {
    const { sort = 'memory', after = null, limit = PAGE_DEFAULT } = query;
    return printComputes(await computes.list({ sort, after, limit, customer: customerOf(caller) }));
  },
  listPlans: async () => printPlans(computes.rules()),
  listTiers: async () => printTiers(computes.rules()),
});

function askedOf(body: BodyOf<'query'>): QueryAsked {
  return {
    sql: body.sql,
    params: body.params ?? null,
    database: body.database ?? null,
    role: body.role ?? null,
    readOnly: body.readOnly ?? null,
    rowsMax: body.rowsMax ?? QUERY_ROWS_DEFAULT,
    bytesMax: body.bytesMax ?? QUERY_BYTES_DEFAULT,
    timeout: ms(body.timeoutMs ?? QUERY_TIMEOUT_DEFAULT_MS),
    arrayMode: body.arrayMode ?? false,
    jsonAsText: body.jsonAsText ?? false,
  };
}
