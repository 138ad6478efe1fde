import { expect, test } from 'vitest';
import type { VisitorRule } from '../domain/visitors.ts';
import { classify, DEFAULT_VISITOR_RULES, globMatches, type VisitorFacts } from './visitors.ts';
import { isInNetwork } from './visitors-address.ts';
import { parseVisitors } from './visitors-file.ts';

const NOBODY: VisitorFacts = {
  role: 'acme',
  applicationName: '',
  address: '192.0.2.7',
  rhythms: [],
};

const classOf = (facts: Partial<VisitorFacts>, rules = DEFAULT_VISITOR_RULES): string =>
  classify({ ...NOBODY, ...facts }, rules).class;

test.each([
  ['psql', 'person'],
  ['', 'person'],
  ['Grafana', 'person'],
  ['pgAdmin 4 - CONN:4711', 'person'],
  ['my-shop-api', 'person'],
  ['pg_restore', 'person'],
  ['pg_isready', 'probe'],
  ['shop-HealthCheck', 'probe'],
  ['postgres_exporter', 'monitor'],
  ['PgWatch3', 'monitor'],
  ['Zabbix agent 2', 'monitor'],
  ['datadog-agent', 'monitor'],
  ['Telegraf', 'monitor'],
  ['pganalyze_collector', 'monitor'],
  ['pg_dump', 'backup'],
  ['barman_streaming_backup', 'backup'],
  ['wal-g', 'backup'],
])('application_name "%s" is a %s', (applicationName, expected) => {
  expect(classOf({ applicationName })).toBe(expected);
});

test('by default a monitor may do nothing to the compute, a backup may wake it, and rhythm turns nobody away', () => {
  const duties = (facts: Partial<VisitorFacts>) => {
    const { wakes, keeps, answered, rule } = classify(
      { ...NOBODY, ...facts },
      DEFAULT_VISITOR_RULES,
    );
    return { wakes, keeps, answered, rule };
  };
  expect([
    duties({}),
    duties({ applicationName: 'telegraf' }),
    duties({ role: 'datadog' }),
    duties({ applicationName: 'pg_dump' }),
    duties({ rhythms: ['pings'] }),
    duties({ rhythms: ['steady'] }),
  ]).toEqual([
    { wakes: true, keeps: true, answered: false, rule: null },
    { wakes: false, keeps: false, answered: true, rule: 'application_name "telegraf*"' },
    { wakes: false, keeps: false, answered: true, rule: 'role "datadog"' },
    { wakes: true, keeps: false, answered: false, rule: 'application_name "pg_dump"' },
    { wakes: false, keeps: false, answered: true, rule: 'rhythm pings' },
    { wakes: true, keeps: false, answered: true, rule: 'rhythm steady' },
  ]);
});

test('the first rule that matches counts, and all that it names must hold', () => {
  const rules = parseVisitors([
    { role: 'metrics', address: '10.1.0.0/16', class: 'monitor', wakes: true },
    { role: 'metrics', class: 'poller' },
    { applicationName: 'pg_dump', class: 'person' },
  ]);
  const inside = { role: 'metrics', address: '10.1.2.3' };
  expect(classify({ ...NOBODY, ...inside }, rules)).toEqual({
    class: 'monitor',
    wakes: true,
    keeps: false,
    answered: true,
    rule: 'role "metrics" and address 10.1.0.0/16',
  });
  expect(classOf({ ...inside, address: '10.2.2.3' }, rules)).toBe('poller');
  expect(classOf({ applicationName: 'pg_dump' }, rules)).toBe('person');
  expect(classOf({ applicationName: 'telegraf' }, rules)).toBe('monitor');
  expect(classOf({ applicationName: 'telegraf' }, parseVisitors([{ class: 'person' }]))).toBe(
    'person',
  );
});

test.each([
  ['', '', true],
  ['*', '', true],
  ['', 'a', false],
  ['pg*', 'PGBENCH', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['*a*b', 'xxaxxbxxb', true],
  ['*a*b', 'xxaxxbxxc', false],
  ['a*', 'ba', false],
  ['a.c', 'abc', false],
])('glob "%s" and "%s": %s', (glob, text, expected) => {
  expect(globMatches(glob, text)).toBe(expected);
});

test('a name made to be slow is matched quickly', () => {
  const glob = '*a'.repeat(60);
  // Millions of steps at most; going back to every star would take longer than there is time.
  expect(globMatches(`${glob}b`, 'a'.repeat(10_000))).toBe(false);
});

test.each([
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.8', '192.0.2.7', false],
  ['10.255.1.2', '10.0.0.0/8', true],
  ['11.0.0.1', '10.0.0.0/8', false],
  ['172.31.0.1', '172.16.0.0/12', true],
  ['172.32.0.1', '172.16.0.0/12', false],
  ['192.0.2.7', '0.0.0.0/0', true],
  ['2001:db8:1:2::/64', '2001:db8::/32', true],
  ['2001:db9:1:2::/64', '2001:db8::/32', false],
  ['2001:db8:1:2::/64', '2001:db8:1:2::/64', true],
  ['2001:db8:1:3::/64', '2001:db8:1:2::/64', false],
  ['192.0.2.7', '::/0', false],
  ['unknown', '0.0.0.0/0', false],
])('%s in %s: %s', (address, network, expected) => {
  expect(isInNetwork(address, network)).toBe(expected);
});

test.each([
  [{}, 'visitors must be a list'],
  [[1], 'visitors[0] must be an object'],
  [[{ class: 'robot' }], 'visitors[0].class must be one of person, probe, poller, monitor, backup'],
  [[{ class: 'probe', name: 'x' }], 'visitors[0] has no field "name"'],
  [[{ class: 'probe' }, { class: 'probe', wakes: 1 }], 'visitors[1].wakes must be true or false'],
  [[{ class: 'probe', role: 7 }], 'visitors[0].role must be a text'],
  [[{ class: 'probe', address: '10.0.0' }], 'visitors[0].address must be an address'],
  [[{ class: 'probe', address: '10.0.0.0/33' }], 'visitors[0].address must be an address'],
  [[{ class: 'probe', address: '2001:db8::1' }], 'visitors[0].address must name IPv6 as a network'],
  [[{ class: 'probe', rhythm: 'jazz' }], 'visitors[0].rhythm must be one of steady, pings'],
])('%j is refused: %s', (value, why) => {
  expect(() => parseVisitors(value)).toThrowError(
    expect.objectContaining({ code: 'BAD_POLICY', message: expect.stringContaining(why) }),
  );
});

test('what is written is what is read', () => {
  const rule: VisitorRule = {
    match: { applicationName: 'x*', address: '10.0.0.0/8', rhythm: 'steady' },
    class: 'poller',
    wakes: false,
    keeps: true,
    answered: false,
  };
  const { match, ...rest } = rule;
  expect(parseVisitors([{ ...match, ...rest }])).toEqual([rule, ...DEFAULT_VISITOR_RULES]);
});
