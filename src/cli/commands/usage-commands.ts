/** `dynabase usage` and `metrics`: what was used and asked, of one tenant, of a customer, or of all. */
import type { Command } from 'commander';
import type { FleetMetrics, TenantMetrics, Usage } from '../../contract/metering/usage.ts';
import type { Run } from '../command.ts';
import { given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, momentAgo } from '../options/parse.ts';
import { moneyWords } from '../words/economics-words.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { bytesWords, countWords, percentWords, spanWords } from '../words/words.ts';

const STEPS = ['minute', 'hour', 'day'] as const;
const OWNERS = ['tenant', 'customer'] as const;

/** Steps that are shown one by one; of more only the last. */
const SHOWN = 48;

type Flags = {
  readonly from?: string;
  readonly to?: string;
  readonly step?: string;
  readonly of?: string;
};

export function addUsageCommands(program: Command, run: Run): void {
  program
    .command('usage')
    .argument('[name]', 'Tenant, or customer with --of; all tenants if not given')
    .description('Show what was used and asked, by hour, day or minute')
    .option('--of <owner>', `${OWNERS.join(', ')} (tenant)`)
    .option('--from <time>', 'Start: 2h or 7d ago, or such as 2030-12-31T18:00Z (24h)')
    .option('--to <time>', 'End (now)')
    .option('--step <length>', `${STEPS.join(', ')} (hour)`)
    .action(
      run(async ({ server, printer, world }, [name], flags: Flags) => {
        const query = given({
          from: parsed('--from', flags.from, momentAgo(world.now())),
          to: parsed('--to', flags.to, momentAgo(world.now())),
          step: parsed('--step', flags.step, choice(STEPS)) ?? ('hour' as const),
        });
        const { tenants, usage } = await server();
        const of = parsed('--of', flags.of, choice(OWNERS)) ?? 'tenant';
        const one = of === 'tenant' ? tenants.usage.bind(tenants) : usage.ofCustomer.bind(usage);
        const found = await (name === undefined ? usage.ofAll(query) : one(name, query));
        printer.answer(found, (style) => usageText(found, style));
      }),
    );
  program
    .command('metrics')
    .argument('[name]', 'Name or id; all tenants together if not given')
    .description('Show how a tenant, or all of them, are used, in a few figures')
    .action(
      run(async ({ server, printer }, [name]) => {
        const { usage } = await server();
        if (name === undefined) {
          const found = await usage.fleetMetrics();
          printer.answer(found, (style) => factsText(fleetFacts(found), style));
          return;
        }
        const found = await usage.metrics(name);
        printer.answer(found, (style) => factsText(tenantFacts(found), style));
      }),
    );
}

type Facts = readonly (readonly [string, string])[];

function usageText(usage: Usage, style: Style): string {
  const facts = factsText(totalFacts(usage), style);
  if (usage.steps.length === 0) return facts;
  const columns = [
    { head: usage.step.toUpperCase() },
    ...['QUERIES', 'ERRORS', 'AWAKE', 'CPU', 'MEMORY', 'STORED', 'WRITTEN', 'SENT'].map((head) => ({
      ...{ head, align: 'right' as const },
    })),
  ];
  const rows = usage.steps
    .slice(-SHOWN)
    .map(({ at, use, queries, errors }) => [
      at.slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' '),
      countWords(queries),
      countWords(errorsOf(errors)),
      spanWords(Number(use.awake) * 1_000),
      spanWords(Number(use.cpu) / 1_000),
      bytesWords(mean(use.memory, use.awake)),
      bytesWords(mean(use.stored, use.seconds)),
      bytesWords(Number(use.written)),
      bytesWords(Number(use.egress)),
    ]);
  return [facts, '', tableText(columns, rows, style)].join('\n');
}

function totalFacts({ from, to, total, next }: Usage): Facts {
  const errors = Object.entries(total.errors).map(([kind, count]) => `${count} of class ${kind}`);
  const classes = Object.entries(total.classes).filter(([, count]) => count > 0);
  const { use } = total;
  return [
    ['from', from],
    ['to', to],
    ...(next === null ? [] : [['more from', next] as const]),
    ['awake', `${spanWords(Number(use.awake) * 1_000)}, ${countWords(Number(use.wakes))} wakes`],
    ...servedFacts(total.served),
    ['memory awake', bytesWords(mean(use.memory, use.awake))],
    ['processor', spanWords(Number(use.cpu) / 1_000)],
    ['stored', bytesWords(mean(use.stored, use.seconds))],
    ['page cache', bytesWords(mean(use.l2, use.seconds))],
    ['on disk', bytesWords(mean(use.l3, use.seconds))],
    ['in the archive', bytesWords(mean(use.l4, use.seconds))],
    ['written', bytesWords(Number(use.written))],
    ['sessions', countWords(total.sessions)],
    ['queries', `${countWords(total.queries)}, ${countWords(total.byRobots)} of them by robots`],
    [
      'statements',
      classes.map(([kind, count]) => `${countWords(count)} ${kind}`).join(', ') || '-',
    ],
    ['transactions', countWords(total.transactions)],
    ['errors', errors.length === 0 ? 'none' : errors.join(', ')],
    ['from clients', bytesWords(total.bytesIn)],
    ['to clients', bytesWords(total.bytesOut)],
    ['time', timesText(total.quantiles)],
  ];
}

const tenantFacts = (found: TenantMetrics): Facts => [
  ['tier', `${found.currentTier} since ${found.lastTierTransition}`],
  ['next tier', found.predictedNextTier ?? 'the same'],
  ['queries a day', countWords(Math.round(found.queriesPerDay))],
  ['last 24 hours', `${countWords(found.queryCount)} queries`],
  ['time', timesText(found.latency)],
  ['complexity', found.queryComplexity],
  ['from memory', ratioText(found.cacheHitRatio)],
  ['cold starts', countWords(found.coldStartCount)],
  ['active', `${found.activeHoursPerDay.toFixed(1)} hours a day`],
  ['peak hours', found.peakHours.map((hour) => `${hour}:00`).join(', ') || '-'],
  ['regular', percentWords(found.consistencyScore)],
  ['data', found.datasetSizeGb === null ? '-' : bytesWords(found.datasetSizeGb * 1e9)],
  ['grows', growthText(found.storageGrowthRate)],
];

const fleetFacts = (found: FleetMetrics): Facts => [
  ['tenants', countWords(found.totalTenants)],
  ...Object.entries(found.tenantsByTier).map(([tier, count]) => [tier, countWords(count)] as const),
  ['awake this month', `${found.aggregateComputeHours.toFixed(1)} hours`],
  ['tenants a compute', found.computeDensity === null ? '-' : found.computeDensity.toFixed(1)],
  ['from memory', ratioText(found.cacheEfficiency)],
  ['queries a day', countWords(Math.round(found.queriesPerDay))],
  ['time', timesText(found.latency)],
  ['grows', growthText(found.storageGrowthRate)],
  [
    'storage a tenant',
    found.storageCostPerTenant === null
      ? '-'
      : `${moneyWords(String(found.storageCostPerTenant), found.currency)} a month`,
  ],
  ['margin', ratioText(found.averageMargin)],
];

function servedFacts(served: Usage['total']['served']): Facts {
  if (served === null) return [];
  const wakes = served.wakes.map(
    ({ from, by, times }) => `${countWords(times)} ${by} from ${from}`,
  );
  return [
    ['woken by', wakes.join(', ') || '-'],
    ['from memory', ratioText(served.memoryPart)],
  ];
}

/** Of amounts that are sums over time. */
const mean = (sum: string, seconds: string): number =>
  seconds === '0' ? 0 : Math.round(Number(sum) / Number(seconds));

const errorsOf = (errors: Readonly<Record<string, number>>): number =>
  Object.values(errors).reduce((sum, count) => sum + count, 0);

const timesText = ({ p50Us, p95Us, p99Us }: Usage['total']['quantiles']): string =>
  p50Us === null ? '-' : `${[p50Us, p95Us, p99Us].map(timeWords).join(' / ')} (half, 95 %, 99 %)`;

/** Most requests are answered within a millisecond. */
const timeWords = (us: number | null): string =>
  us !== null && us < 1_000 ? `${(us / 1_000).toFixed(1)} ms` : spanWords((us ?? 0) / 1_000);

const ratioText = (ratio: number | null): string => (ratio === null ? '-' : percentWords(ratio));

const growthText = (bytes: number | null): string => {
  if (bytes === null) return '-';
  return `${bytes < 0 ? '-' : ''}${bytesWords(Math.abs(Math.round(bytes)))} a day`;
};
