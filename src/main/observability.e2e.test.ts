import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { titled } from '../testing/installed.ts';
import { type OtlpDouble, otlpDouble } from '../testing/otlp-double.ts';
import { hasPrometheus, realPrometheus } from '../testing/real-prometheus.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');

/** A busy server: wakes, moves, failures and a webhook that nobody takes. */
let server: RealServer;
let collector: OtlpDouble;
const secrets: string[] = [];

const TRACE = '0af7651916cd43dd8448eb211c80319c';

beforeAll(async () => {
  collector = await otlpDouble();
  const args = ['--otlp-url', collector.url, '--status-page', 'tenants', '--log-level', 'debug'];
  server = await realServer({ args: [...args, '--webhooks-to-private'] });
  secrets.push(server.apiKey);
  const { tenants, webhooks, health } = server.client;
  const hook = await webhooks.create({ url: 'http://127.0.0.1:9', events: ['tenant.*'] });
  secrets.push(hook.secret);
  for (const name of ['acme', 'beta']) {
    const { password } = await tenants.create({ name });
    secrets.push(password);
    const connectionString = server.uri({ role: name, password });
    const client = new pg.Client({ connectionString });
    await client.connect();
    await client.query("select 'not for the log' as text");
    await client.query('select * from nowhere').catch(() => undefined);
    await client.end();
    await eventually(`${name} can be suspended`, async () => {
      await tenants.suspend(name).catch(() => undefined);
      return (await tenants.get(name)).state === 'suspended';
    });
  }
  await fetch(`${server.apiUrl}/v1/tenants/acme/wake`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.apiKey}`,
      traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
    },
  });
  await tenants.restart('acme');
  await tenants.archive('beta');
  await tenants.change('acme', { tier: 'HOT' });
  await health.kpis();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

test('a wake is traced with its steps, and belongs to the request that asked for it', async () => {
  const named = (name: string) => collector.spans().filter((span) => span.name === name);
  await eventually('the request is told', async () => named('POST wakeTenant').length === 1);
  const wake = named('wake').find(({ traceId }) => traceId === TRACE);
  expect(named('POST wakeTenant')[0]).toMatchObject({ traceId: TRACE, kind: 2 });
  const steps = collector.spans().filter(({ parentSpanId }) => parentSpanId === wake?.spanId);
  expect(steps.map(({ name }) => name)).toContain('start');
  for (const name of [
    'wait for a wake',
    'create',
    'settle',
    'suspend',
    'park',
    'stop',
    'archive',
  ]) {
    await eventually(`${name} is told`, async () => named(name).length > 0);
  }
  await eventually('the restart is told', async () => named('restart').length > 0);
});

test('no secret and no statement is in the log of a busy server, in its traces, or in its metrics', async () => {
  const headers = { authorization: `Bearer ${server.apiKey}` };
  const metrics = await (await fetch(`${server.apiUrl}/metrics`, { headers })).text();
  expect(metrics).toContain(
    'dynabase_wake_seconds_count{from="husk",cause="person",tier="COLD"} 2',
  );
  const told = [server.output, ...collector.bodies, metrics];
  expect(server.output.length).toBeGreaterThan(5_000);
  for (const text of told) {
    for (const secret of [...secrets, 'not for the log', 'nowhere']) {
      expect(text.includes(secret)).toBe(false);
    }
  }
});

test('sessions that the data plane refuses are counted by their fault', async () => {
  const client = new pg.Client({ connectionString: server.uri({ role: 'acme', password: 'no' }) });
  await expect(client.connect()).rejects.toThrow(/password/);
  const headers = { authorization: `Bearer ${server.apiKey}` };
  await eventually('it is counted', async () => {
    const metrics = await (await fetch(`${server.apiUrl}/metrics`, { headers })).text();
    return metrics.includes('dynabase_session_refusals_total{code="PASSWORD_WRONG"} 1');
  });
});

test('each tenant has a page, by a link that its key may ask for', async () => {
  const { path } = await server.client.health.statusLink('beta');
  const page = await fetch(`${server.apiUrl}${path}`);
  expect([page.status, await page.text()]).toEqual([
    200,
    expect.stringContaining('The database is asleep'),
  ]);
  expect((await fetch(`${server.apiUrl}${path?.slice(0, -1)}0x`)).status).toBe(404);
});

/** What has no sample on a server that has lived for a minute, or as long as the books say nothing. */
const MAY_BE_EMPTY = [
  /dynabase_kpi_met\{kpi="(compute-cost|prediction-accuracy|gross-margin|churn|revenue-retention)"\}/,
  /dynabase_pinned_sessions\) > 0/,
  /dynabase_(cost|revenue)_day_dollars/,
  /dynabase_kpi\{kpi="compute-cost"\}/,
  /dynabase_kpi\{kpi="gross-margin"\}/,
  // Usage is told by the minute.
  /dynabase(_|:)(query|tenant|client)_/,
  /dynabase_(quota_events|catalog_faults|host_faults)_total/,
];

test('dashboards are as their description says', () => {
  execFileSync(process.execPath, [join(DEPLOY, 'grafana/make.ts'), '--check']);
});

test.skipIf(!hasPrometheus())(
  titled('every rule, alert and panel has an answer', hasPrometheus(), 'prometheus'),
  async () => {
    const cwd = join(DEPLOY, 'prometheus');
    execFileSync('promtool', ['check', 'rules', 'recording.yml', 'alerts.yml'], { cwd });
    execFileSync('promtool', ['test', 'rules', 'tests.yml'], { cwd });
    await using prometheus = await realPrometheus(server);
    await eventually(
      'it has scraped often enough for rates, and the rules have been reckoned',
      async () => (await prometheus.count('dynabase:uptime_burn:rate1h')) === 3,
    );
    await eventually(
      'rates are known',
      async () => (await prometheus.count('dynabase:wake_seconds:p95')) > 0,
    );
    const silent: string[] = [];
    for (const expression of [...(await panels()), ...(await recorded()), ...(await alerted())]) {
      const some = await prometheus.count(expression);
      const isExcused = MAY_BE_EMPTY.some((pattern) => pattern.test(expression));
      if (some === 0 && !isExcused) silent.push(expression);
    }
    expect(silent).toEqual([]);
  },
  60_000,
);

async function panels(): Promise<readonly string[]> {
  const dir = join(DEPLOY, 'grafana/dashboards');
  const texts = await Promise.all(
    (await readdir(dir)).map((name) => readFile(join(dir, name), 'utf8')),
  );
  return texts.flatMap((text) =>
    (JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] }).panels.flatMap(
      ({ targets = [] }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')),
    ),
  );
}

const expressionsOf = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(join(DEPLOY, 'prometheus', file), 'utf8');
  return [...text.matchAll(/^ +expr: (.+)$/gm)].map(([, expression = '']) => expression);
};

const recorded = (): Promise<readonly string[]> => expressionsOf('recording.yml');

/** Alerts are silent while all is well; what they compare must be there. */
const alerted = async (): Promise<readonly string[]> =>
  (await expressionsOf('alerts.yml')).map(
    (expression) =>
      expression.split(/ and /)[0]?.replace(/ (?:[<>]|==|>=|<=) [\d.]+(?: \* \d+)*$/, '') ?? '',
  );
