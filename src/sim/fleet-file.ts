/** A made-up fleet as a person describes it in a small JSON file. */
import { fault } from '../domain/faults.ts';

export const GROUP_KINDS = ['people', 'office', 'timer', 'burst', 'rare', 'dead'] as const;

export type GroupKind = (typeof GROUP_KINDS)[number];

/** Tenants that are alike. */
export type Group = {
  readonly kind: GroupKind;
  readonly tenants: number;
  /** Hours east of UTC; tenants are spread over several. */
  readonly utcOffset: readonly number[];
  /** When their day begins and ends, in hours of their own time. */
  readonly from: number;
  readonly to: number;
  /** Sessions of a working day, events of a session, and the part of either that a weekend day has. */
  readonly sessionsPerDay: number;
  readonly eventsPerSession: number;
  readonly weekend: number;
  /** A timer's period and how much it is off by. */
  readonly everyMinutes: number;
  readonly jitterSeconds: number;
  /** Bursts, or visits of those who come rarely; and how long a burst lasts. */
  readonly perMonth: number;
  readonly lastsMinutes: number;
  /** After this a dead tenant is never seen again. */
  readonly activeDays: number;
  /** Growth: its tenants join evenly over so many days. Churn: the part of them that leaves in a month. */
  readonly joinOverDays: number;
  readonly leavePerMonth: number;
  /** Monitors and the like that also ask its tenants, and the part of them that is not told from people. */
  readonly robots: {
    readonly tenants: number;
    readonly everyMinutes: number;
    readonly takenForPeople: number;
  };
};

export type FleetDescription = {
  readonly name: string;
  readonly days: number;
  readonly seed: number;
  /** Unix time of its first second, which is midnight in UTC. */
  readonly epoch: number;
  readonly groups: readonly Group[];
};

export const TENANTS_MAX = 1_000_000;

const DEFAULTS = {
  ...{ from: 9, to: 17, sessionsPerDay: 6, eventsPerSession: 8, weekend: 1 },
  ...{ everyMinutes: 60, jitterSeconds: 10, perMonth: 4, lastsMinutes: 90, activeDays: 2 },
  ...{ joinOverDays: 0, leavePerMonth: 0 },
} as const;

const NUMBERS: Readonly<Record<keyof typeof DEFAULTS, readonly [min: number, max: number]>> = {
  from: [0, 24],
  to: [0, 24],
  sessionsPerDay: [0, 1_000],
  eventsPerSession: [1, 1_000],
  weekend: [0, 1],
  everyMinutes: [0.1, 100_000],
  jitterSeconds: [0, 86_400],
  perMonth: [0, 1_000],
  lastsMinutes: [0, 10_000],
  activeDays: [0, 10_000],
  joinOverDays: [0, 10_000],
  leavePerMonth: [0, 1],
};

/** Monday, the seventh of January 2030. */
const EPOCH_DEFAULT = 1_893_974_400;

/** Throws `BAD_REQUEST` that names what is wrong. */
export function parseFleet(text: string, name: string): FleetDescription {
  const fields = fieldsOf(readJson(text), 'the fleet');
  only(fields, 'the fleet', ['name', 'days', 'seed', 'start', 'groups']);
  const days = numberIn(fields, { key: 'days', at: 'the fleet', range: [1, 3_650], byDefault: 30 });
  const seed = numberIn(fields, {
    key: 'seed',
    at: 'the fleet',
    range: [0, 2 ** 32],
    byDefault: 1,
  });
  const groups = fields.get('groups');
  if (!Array.isArray(groups) || groups.length === 0) throw bad('a fleet needs groups');
  const parsed = groups.map((group: unknown, i) => parseGroup(group, `group ${i + 1}`));
  const tenants = parsed.reduce((sum, group) => sum + group.tenants, 0);
  if (tenants > TENANTS_MAX) throw bad(`a fleet has at most ${TENANTS_MAX} tenants`);
  const given = fields.get('name');
  return {
    ...{ days, seed, groups: parsed },
    name: typeof given === 'string' && given !== '' ? given : name,
    epoch: startOf(fields.get('start')),
  };
}

function parseGroup(value: unknown, at: string): Group {
  const fields = fieldsOf(value, at);
  only(fields, at, ['kind', 'tenants', 'utcOffset', 'robots', ...Object.keys(NUMBERS)]);
  const kind = GROUP_KINDS.find((known) => known === fields.get('kind'));
  if (kind === undefined) throw bad(`${at}: kind is none of ${GROUP_KINDS.join(', ')}`);
  const number = (key: keyof typeof DEFAULTS): number =>
    numberIn(fields, { key, at, range: NUMBERS[key], byDefault: byDefault(kind, key) });
  return {
    ...{ kind, robots: robotsOf(fields.get('robots'), at) },
    tenants: numberIn(fields, { key: 'tenants', at, range: [1, TENANTS_MAX] }),
    utcOffset: offsetsOf(fields.get('utcOffset'), at),
    from: number('from'),
    to: number('to'),
    sessionsPerDay: number('sessionsPerDay'),
    eventsPerSession: number('eventsPerSession'),
    weekend: number('weekend'),
    everyMinutes: number('everyMinutes'),
    jitterSeconds: number('jitterSeconds'),
    perMonth: number('perMonth'),
    lastsMinutes: number('lastsMinutes'),
    activeDays: number('activeDays'),
    joinOverDays: number('joinOverDays'),
    leavePerMonth: number('leavePerMonth'),
  };
}

function byDefault(kind: GroupKind, key: keyof typeof DEFAULTS): number {
  if (kind === 'office' && key === 'weekend') return 0.03;
  if (kind === 'people' && key === 'from') return 8;
  if (kind === 'people' && key === 'to') return 23;
  return DEFAULTS[key];
}

function robotsOf(value: unknown, at: string): Group['robots'] {
  if (value === undefined) return { tenants: 0, everyMinutes: 5, takenForPeople: 1 };
  const place = `${at}: robots`;
  const fields = fieldsOf(value, place);
  only(fields, place, ['tenants', 'everyMinutes', 'takenForPeople']);
  const part = { at: place, range: [0, 1], byDefault: 1 } as const;
  return {
    tenants: numberIn(fields, { ...part, key: 'tenants' }),
    takenForPeople: numberIn(fields, { ...part, key: 'takenForPeople' }),
    everyMinutes: numberIn(fields, {
      ...{ at: place, key: 'everyMinutes', range: NUMBERS.everyMinutes, byDefault: 5 },
    }),
  };
}

function offsetsOf(value: unknown, at: string): readonly number[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value ?? 0];
  return all.map((one) => {
    if (typeof one === 'number' && one >= -12 && one <= 14) return one;
    throw bad(`${at}: utcOffset is hours from -12 to 14, or a list of such`);
  });
}

function startOf(value: unknown): number {
  if (value === undefined) return EPOCH_DEFAULT;
  const at = typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at)) throw bad('the fleet: start is not a date such as 2030-01-07');
  return at / 1_000;
}

type NumberField = {
  readonly key: string;
  readonly at: string;
  readonly range: readonly [min: number, max: number];
  /** Without one the number must be given. */
  readonly byDefault?: number;
};

function numberIn(
  fields: ReadonlyMap<string, unknown>,
  { key, at, range: [min, max], byDefault }: NumberField,
): number {
  const value = fields.get(key) ?? byDefault;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw bad(`${at}: ${key} is not a number from ${min} to ${max}`);
}

function only(fields: ReadonlyMap<string, unknown>, at: string, known: readonly string[]): void {
  const strange = [...fields.keys()].find((key) => !known.includes(key));
  if (strange !== undefined) throw bad(`${at}: "${strange.slice(0, 40)}" is not known`);
}

function fieldsOf(value: unknown, at: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value));
  }
  throw bad(`${at} is not a JSON object`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`this is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

const bad = (why: string): Error => fault('BAD_REQUEST', { why });
