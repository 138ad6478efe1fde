/** What `dynabase top` shows: chosen by keys, asked of the server, laid out for a terminal. */
import type { Status } from '../../contract/service/status.ts';
import type { Tenant } from '../../contract/tenants/tenant.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { cut } from '../words/width.ts';
import { agoWords, bytesWords, countWords, percentWords, spanWords } from '../words/words.ts';

export const SORTS = ['name', 'memory', 'sessions', 'wake', 'since'] as const;

export type Sort = (typeof SORTS)[number];

export const FILTERS = ['awake', 'all', 'failed'] as const;

export type Filter = (typeof FILTERS)[number];

/** What a person has chosen. The server sorts by name; a page is sorted as chosen once it is here. */
export type View = {
  readonly filter: Filter;
  readonly sort: Sort;
  /** The last names of the pages before this one; empty on the first. */
  readonly before: readonly string[];
};

/** A tenant that is awake, as measured of late; null where that is not known. */
export type Measured = {
  readonly l1: number | null;
  readonly l2: number | null;
  /** How long its last wake took. */
  readonly wakeMs: number | null;
};

export type Row = { readonly tenant: Tenant; readonly measured: Measured | null };

export type Snapshot = {
  readonly status: Status;
  readonly rows: readonly Row[];
  /** The last name of this page, if there is another behind it. */
  readonly next: string | null;
};

/** What a key does; undefined if nothing. */
export function pressed(key: string, view: View, next: string | null): View | 'quit' | undefined {
  switch (key) {
    case 'q':
    case '\u0003':
    case '\u0004':
    case '\u001b':
      return 'quit';
    case 'w':
      return { ...view, filter: 'awake', before: [] };
    case 'a':
      return { ...view, filter: 'all', before: [] };
    case 'f':
      return { ...view, filter: 'failed', before: [] };
    case 's':
      return { ...view, sort: SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length] ?? 'name' };
    case 'n':
    case ' ':
    case '\u001b[6~':
      return next === null ? undefined : { ...view, before: [...view.before, next] };
    case 'p':
    case '\u001b[5~':
      return view.before.length === 0 ? undefined : { ...view, before: view.before.slice(0, -1) };
    default:
      return undefined;
  }
}

export function sorted(rows: readonly Row[], sort: Sort): readonly Row[] {
  const by = ORDERS[sort];
  return by === null ? rows : rows.toSorted((a, b) => by(b) - by(a));
}

/** The largest first; null where the server's own order is right. */
const ORDERS: Readonly<Record<Sort, ((row: Row) => number) | null>> = {
  name: null,
  memory: ({ measured }) => (measured?.l1 ?? -1) + (measured?.l2 ?? 0),
  sessions: ({ tenant }) => tenant.sessions,
  wake: ({ measured }) => measured?.wakeMs ?? -1,
  since: ({ tenant }) => Date.parse(tenant.stateSince),
};

/** Lines above and below the tenants: the summary, the head of the table, the keys. */
const LINES_AROUND = 7;

/** Tenants that fit on a terminal of so many lines. */
export const pageSize = (lines: number): number => Math.max(1, Math.min(100, lines - LINES_AROUND));

export type Frame = {
  readonly view: View;
  readonly now: number;
  readonly style: Style;
  readonly columns: number;
  /** Why the last question was not answered; what is shown is older then. */
  readonly trouble: string | null;
};

/** The lines of one picture, none longer than the terminal is wide. */
export function frameLines(snapshot: Snapshot, frame: Frame): readonly string[] {
  const { style, columns, view } = frame;
  const rows = sorted(snapshot.rows, view.sort);
  const table = tableText(
    COLUMNS,
    rows.map((row) => cellsOf(row, frame.now)),
    PLAIN,
  ).split('\n');
  const [head = '', ...body] = table.map((line) => cut(line, columns));
  const [title = '', ...facts] = summaryLines(snapshot.status, frame.now);
  return [
    style.bold(cut(title, columns)),
    ...facts.map((line) => cut(line, columns)),
    frame.trouble === null ? '' : style.red(cut(frame.trouble, columns)),
    style.bold(head),
    ...body.map((line, i) => painted(line, rows[i], style)),
    ...(rows.length === 0 ? [style.dim(EMPTY[view.filter])] : []),
    style.dim(cut(keysLine(snapshot, view), columns)),
  ];
}

const EMPTY: Readonly<Record<Filter, string>> = {
  awake: 'nobody is awake',
  all: 'no tenants; make one with: dynabase tenants create NAME',
  failed: 'no tenant has failed',
};

const asIs = (text: string): string => text;
const PLAIN: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs };

const COLUMNS = [
  { head: 'NAME' },
  { head: 'STATE' },
  { head: 'SINCE' },
  { head: 'TIER' },
  { head: 'PLAN' },
  { head: 'SESSIONS', align: 'right' },
  { head: 'BOUND', align: 'right' },
  { head: 'BUFFERS', align: 'right' },
  { head: 'CACHE', align: 'right' },
  { head: 'WAKE', align: 'right' },
] as const;

const cellsOf = ({ tenant, measured }: Row, now: number): readonly string[] => [
  tenant.name,
  tenant.state,
  agoWords(tenant.stateSince, now),
  tenant.tier,
  tenant.plan,
  String(tenant.sessions),
  String(tenant.sessionsBound),
  bytesOr(measured?.l1),
  bytesOr(measured?.l2),
  typeof measured?.wakeMs === 'number' ? spanWords(measured.wakeMs) : '-',
];

const bytesOr = (bytes: number | null | undefined): string =>
  typeof bytes === 'number' ? bytesWords(bytes) : '-';

function painted(line: string, row: Row | undefined, style: Style): string {
  if (row?.tenant.state === 'failed') return style.red(line);
  return row?.tenant.state === 'running' || row === undefined ? line : style.dim(line);
}

function summaryLines(status: Status, now: number): readonly string[] {
  const { tenants, tiers, levels, sessions, warnings } = status;
  const total = Object.values(tenants).reduce((sum, count) => sum + count, 0);
  const states = some(tenants);
  const l2 = levels.bytes.l2 === null ? 'unknown' : bytesWords(levels.bytes.l2);
  const { wakes } = levels;
  return [
    `DynaBase ${status.version}, up ${spanWords(now - Date.parse(status.startedAt))}, PostgreSQL ${status.engine.version}${warnings.length === 0 ? '' : `, ${warnings.length} warnings: dynabase status`}`,
    `${counted(total, 'tenant')}${states === '' ? '' : `: ${states}`}; ${counted(sessions, 'session')}`,
    `tiers: ${some(tiers) || 'none'}; page cache ${l2}, disk ${bytesWords(levels.bytes.l3)}, archive ${bytesWords(levels.bytes.l4)}`,
    `wakes: ${countWords(wakes.l2)} from memory, ${countWords(wakes.l3)} from disk, ${countWords(wakes.l4)} from the archive${levels.hitRatio === null ? '' : `; ${percentWords(levels.hitRatio)} of reads from memory`}`,
  ];
}

const counted = (count: number, what: string): string =>
  `${count === 0 ? 'no' : countWords(count)} ${what}${count === 1 ? '' : 's'}`;

const some = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${countWords(count)} ${name}`)
    .join(', ');

function keysLine({ next }: Snapshot, { filter, sort, before }: View): string {
  const more = before.length > 0 || next !== null;
  const pages = more ? `page ${before.length + 1}: n next, p previous; ` : '';
  const within = more && sort !== 'name' ? ' (this page)' : '';
  return `${pages}w awake, a all, f failed: ${filter}; s sort: ${sort}${within}; q quit`;
}
