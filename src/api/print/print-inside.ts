/** What is inside tenants, as the contract's JSON. */
import type { Extension, TenantSettingList } from '../../contract/inside/inside.ts';
import type { QueryResult } from '../../contract/inside/query.ts';
import type { Database, Role, RoleSecret } from '../../contract/inside/role.ts';
import type { StatementList } from '../../contract/inside/statements.ts';
import type { ExtensionView } from '../../control/inside/extension-desk.ts';
import type { QueryAnswer } from '../../control/inside/query-desk.ts';
import type { DatabaseView, RoleSecret as RoleSecretView } from '../../control/inside/role-desk.ts';
import type { SettingView } from '../../control/inside/setting-desk.ts';
import type { StatementCounts, TenantRole } from '../../domain/interior.ts';
import type { StatementResult } from '../../domain/query.ts';
import type { DurationMs } from '../../domain/units.ts';

export const printRole = ({ mayLogIn, memberOf, ...role }: TenantRole): Role => ({
  ...role,
  login: mayLogIn,
  memberOf: [...memberOf],
});

export const printRoleSecret = ({ role, password, connectionUri }: RoleSecretView): RoleSecret => ({
  ...printRole(role),
  password,
  connectionUri,
});

export const printDatabase = ({ database, connectionUri }: DatabaseView): Database => ({
  ...database,
  connectionUri,
});

export function printExtension({ extension, refusal }: ExtensionView): Extension {
  const { name, comment, defaultVersion, versions, requires, installed } = extension;
  return {
    ...{ name, comment, defaultVersion, versions: [...versions], requires: [...requires] },
    allowed: refusal === null,
    because: refusal,
    installedVersion: installed?.version ?? null,
    schema: installed?.schema ?? null,
  };
}

export const printSettings = (views: readonly SettingView[]): TenantSettingList => ({
  settings: views.map(({ setting, min, max }) => ({
    ...setting,
    choices: setting.choices && [...setting.choices],
    min,
    max,
  })),
});

export function printStatements(counts: StatementCounts): StatementList {
  if (counts.kind === 'uncounted') {
    const nothing = { since: null, dropped: 0, known: 0, calls: 0, totalMs: 0, statements: [] };
    return { uncounted: counts.because, ...nothing };
  }
  const { kind: _, statements, ...counted } = counts;
  return {
    ...counted,
    uncounted: null,
    statements: statements.map(({ isCut, ...statement }) => ({
      ...statement,
      cut: isCut,
      share: counted.totalMs === 0 ? 0 : Math.min(1, statement.totalMs / counted.totalMs),
    })),
  };
}

export function printQuery({ results, noticesLeftOut, took, wake }: QueryAnswer): QueryResult {
  const printed = results.map(printResult);
  const last = printed.at(-1) ?? NOTHING;
  return {
    ...last,
    ...(printed.length > 1 ? { results: printed } : {}),
    noticesLeftOut,
    ms: rounded(took),
    wakeMs: rounded(wake),
  };
}

type Printed = NonNullable<QueryResult['results']>[number];

const NOTHING: Printed = {
  ...{ columns: [], rows: [], rowCount: null, command: '', truncated: false, notices: [] },
};

const printResult = ({ columns, rows, notices, ...result }: StatementResult): Printed => ({
  ...result,
  columns: columns.map((column) => ({ ...column })),
  rows: [...rows],
  notices: [...notices],
});

const rounded = (length: DurationMs): number => Math.round(length * 1_000) / 1_000;
