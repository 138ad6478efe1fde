/**
 * Who counts as a person, and what the others may do.
 *
 * A tenant sleeps when no person needs it. Health checks, monitors, pollers and backups come whether
 * anybody is there or not; did each of them count, no tenant with a monitor would ever sleep. The rules say
 * who they are, by role, `application_name`, address and rhythm; the first that matches counts.
 *
 * The defaults err towards people. Programs are known by the names that they give themselves, in full; whoever
 * gives no such name is a person until its rhythm says otherwise, and what is told by rhythm alone is never
 * turned away: a timer of an application looks just like a poller, and must not fail because we guess. It
 * only stops keeping the compute awake. A backup wakes: one that silently fails harms more than a wake costs.
 */
import type { RhythmKind, VisitorClass, VisitorMatch, VisitorRule } from '../domain/visitors.ts';
import { isInNetwork } from './visitors-address.ts';

/** What is known of a visitor. */
export type VisitorFacts = {
  readonly role: string;
  readonly applicationName: string;
  /** Plain, or the /64 of an IPv6 address. */
  readonly address: string;
  /** What its rhythm is; empty for none that is known. */
  readonly rhythms: readonly RhythmKind[];
};

/** What a visitor is, and may do. */
export type Verdict = Pick<VisitorRule, 'class' | 'wakes' | 'keeps' | 'answered'> & {
  /** The rule that says so, in words; null for a person by default. */
  readonly rule: string | null;
};

const PERSON: Verdict = { class: 'person', wakes: true, keeps: true, answered: false, rule: null };

const DUTIES = {
  person: { wakes: true, keeps: true, answered: false },
  probe: { wakes: false, keeps: false, answered: true },
  poller: { wakes: false, keeps: false, answered: true },
  monitor: { wakes: false, keeps: false, answered: true },
  backup: { wakes: true, keeps: false, answered: false },
} as const satisfies Record<VisitorClass, object>;

/** What a rule of a class says where it does not say it itself. */
export const dutiesOf = (visitor: VisitorClass): Omit<VisitorRule, 'match' | 'class'> =>
  DUTIES[visitor];

const named =
  (visitor: VisitorClass, field: 'role' | 'applicationName') =>
  (glob: string): VisitorRule => ({
    match: { [field]: glob },
    class: visitor,
    ...dutiesOf(visitor),
  });

/** Programs that ask whether anybody is there. TCP checks never log in, and need no rule. */
const PROBES = [
  'pg_isready',
  '*healthcheck*',
  '*health-check*',
  '*health_check*',
  'haproxy*',
  'uptime-kuma*',
  'uptimerobot*',
  'blackbox_exporter*',
  'kube-probe*',
  'pingdom*',
];

/** Programs that collect figures, by the names they give themselves. */
const MONITORS = [
  'postgres_exporter*',
  'postgres-exporter*',
  'sql_exporter*',
  'pgwatch*',
  'zabbix*',
  'telegraf*',
  'datadog*',
  'newrelic*',
  'nri-postgres*',
  'pganalyze*',
  'check_postgres*',
  'check_pgactivity*',
  'pgmetrics*',
  'pgdash*',
  'temboard*',
  'powa*',
  'pmm-agent*',
  'otelcol*',
  'opentelemetry-collector*',
  'grafana-agent*',
  'grafana-alloy*',
  'metricbeat*',
  'collectd*',
  'netdata*',
  'munin*',
  'icinga*',
  'nagios*',
  'dynatrace*',
  'solarwinds*',
  'vividcortex*',
  'prtg*',
];

/** Roles that these programs tell their users to make for them. */
const MONITOR_ROLES = [
  'postgres_exporter',
  'datadog',
  'newrelic',
  'pganalyze',
  'pgwatch',
  'pgwatch2',
  'pgwatch3',
  'zbx_monitor',
  'pmm',
];

const BACKUPS = [
  'pg_dump',
  'pg_dumpall',
  'pg_basebackup',
  'barman*',
  'wal-g*',
  'pgbackrest*',
  'pg_probackup*',
  'pghoard*',
];

export const DEFAULT_VISITOR_RULES: readonly VisitorRule[] = [
  ...PROBES.map(named('probe', 'applicationName')),
  ...MONITORS.map(named('monitor', 'applicationName')),
  ...MONITOR_ROLES.map(named('monitor', 'role')),
  ...BACKUPS.map(named('backup', 'applicationName')),
  { match: { rhythm: 'pings' }, class: 'probe', ...dutiesOf('probe') },
  // What a timer asks may matter to somebody: it gets its answer, and the compute may sleep in between.
  { match: { rhythm: 'steady' }, class: 'poller', wakes: true, keeps: false, answered: true },
];

/** What the first rule that matches says; linear in their number, and done once a login and change of rhythm. */
export function classify(facts: VisitorFacts, rules: readonly VisitorRule[]): Verdict {
  const rule = rules.find(({ match }) => matches(match, facts));
  if (rule === undefined) return PERSON;
  const { wakes, keeps, answered } = rule;
  return { class: rule.class, wakes, keeps, answered, rule: matchWords(rule.match) };
}

/** A rule's match as people are told it. */
export function matchWords({ role, applicationName, address, rhythm }: VisitorMatch): string {
  const words = [
    role === undefined ? [] : [`role "${role}"`],
    applicationName === undefined ? [] : [`application_name "${applicationName}"`],
    address === undefined ? [] : [`address ${address}`],
    rhythm === undefined ? [] : [`rhythm ${rhythm}`],
  ].flat();
  return words.join(' and ') || 'everybody';
}

function matches(match: VisitorMatch, facts: VisitorFacts): boolean {
  const { role, applicationName, address, rhythm } = match;
  if (rhythm !== undefined && !facts.rhythms.includes(rhythm)) return false;
  if (role !== undefined && !globMatches(role, facts.role)) return false;
  if (applicationName !== undefined && !globMatches(applicationName, facts.applicationName)) {
    return false;
  }
  return address === undefined || isInNetwork(facts.address, address);
}

/**
 * Whether `glob` matches the whole text. Goes back to the last `*` only, so that it takes the product of
 * the lengths at most, whatever a stranger sends for a name.
 */
export function globMatches(glob: string, text: string): boolean {
  const [pattern, subject] = [glob.toLowerCase(), text.toLowerCase()];
  let [p, s, star, from] = [0, 0, -1, 0];
  while (s < subject.length) {
    if (pattern[p] === '*') {
      [star, from] = [p, s];
      p++;
    } else if (pattern[p] === '?' || pattern[p] === subject[s]) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
