/** Settings that a database of a tenant gives its sessions. */
import pg from 'pg';
import { fault } from '../../domain/faults.ts';
import type { EffectiveSetting, SettingChange } from '../../domain/interior.ts';
import { OURS } from '../../domain/own-statements.ts';

type SettingRow = {
  readonly name: string;
  readonly value: string;
  readonly set: string | null;
  readonly source: string;
  readonly unit: string | null;
  readonly type: EffectiveSetting['type'];
  readonly choices: readonly string[] | null;
  readonly summary: string;
};

const SETTINGS = `
  select ${OURS} s.name, current_setting(s.name) as value, d.value as set, s.source, s.unit,
    s.vartype as type, s.enumvals as choices, s.short_desc as summary
  from unnest($1::text[]) with ordinality as wanted (name, place)
  join pg_settings s on lower(s.name) = lower(wanted.name)
  left join (
    select split_part(item, '=', 1) as name, substr(item, strpos(item, '=') + 1) as value
    from pg_db_role_setting, unnest(setconfig) item
    where setrole = 0
      and setdatabase = (select oid from pg_database where datname = current_database())
  ) d on lower(d.name) = lower(s.name)
  order by wanted.place`;

/** To be asked by a session as the owner's are. */
export async function readSettings(
  client: pg.Client,
  names: readonly string[],
): Promise<EffectiveSetting[]> {
  const { rows } = await client.query<SettingRow>(SETTINGS, [[...names]]);
  return rows.map(({ source, ...row }) => ({ ...row, source: sourceOf(source) }));
}

function sourceOf(source: string): EffectiveSetting['source'] {
  if (source === 'default') return 'postgresql';
  return source === 'database' ? 'database' : 'server';
}

/** Changes all of them or none. PostgreSQL reads the values; a number is compared in its own unit. */
export async function writeSettings(
  client: pg.Client,
  database: string,
  changes: readonly SettingChange[],
): Promise<void> {
  const target = `alter database ${pg.escapeIdentifier(database)}`;
  await client.query('begin');
  for (const change of changes) {
    const name = change.name
      .split('.')
      .map((part) => pg.escapeIdentifier(part))
      .join('.');
    if (change.value === null) await client.query(`${target} reset ${name}`);
    else {
      await mustBeWithin(client, change, change.value);
      await client.query(`${target} set ${name} to ${asGiven(change.name, change.value)}`);
    }
  }
  await client.query('commit');
}

/** A list of names, each of which is quoted by itself; all else is one text. */
const asGiven = (name: string, value: string): string =>
  name === 'search_path'
    ? value
        .split(',')
        .map((part) => pg.escapeLiteral(bare(part.trim())))
        .join(', ')
    : pg.escapeLiteral(value);

const bare = (part: string): string =>
  part.length > 1 && part.startsWith('"') && part.endsWith('"')
    ? part.slice(1, -1).replaceAll('""', '"')
    : part.toLowerCase();

async function mustBeWithin(
  client: pg.Client,
  { name, min, max }: SettingChange,
  value: string,
): Promise<void> {
  if (min === null && max === null) return;
  await client.query('savepoint before');
  await client.query('select set_config($1, $2, true)', [name, value]);
  const { rows } = await client.query<{ readonly is: number; readonly unit: string | null }>(
    'select setting::float8 as is, unit from pg_settings where lower(name) = lower($1)',
    [name],
  );
  await client.query('rollback to before');
  const [found] = rows;
  if (found === undefined) return;
  const { is, unit } = found;
  if ((min === null || is >= min) && (max === null || is <= max)) return;
  const bound = (at: number | null): string => (at === null ? 'any' : `${at}${unitText(unit)}`);
  const why = `"${name}" must be ${bound(min)} to ${bound(max)} here`;
  throw fault('BAD_REQUEST', { why });
}

const unitText = (unit: string | null): string => {
  if (unit === null) return '';
  return unit === '8kB' ? ' blocks of 8kB' : unit;
};
