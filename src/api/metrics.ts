/**
 * `/metrics` in Prometheus' text format, version 0.0.4.
 *
 * Written by hand: a few samples need no library. Counts only, no name of a tenant: what is scraped
 * is kept for long, and a label a tenant would make a series a tenant.
 */
import type { FastifyInstance } from 'fastify';
import type { Control, Metrics } from '../control/control.ts';
import type { LevelTotals } from '../domain/levels.ts';
import type { Admit } from './admission.ts';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const UNSAVED = 'dynabase_unsaved_since_timestamp_seconds';
const WASTED = 'dynabase_prewarms_wasted_seconds_total';
const MS_OF_SECOND = 1_000;

/** Adds the route, for callers of the operator. */
export function addMetrics(app: FastifyInstance, control: Control, admit: Admit): void {
  app.get('/metrics', {
    schema: { hide: true },
    ...admit({ scope: 'operator', right: 'read' }),
    handler: async (_request, reply) =>
      reply.type(METRICS_TYPE).send(metricsText(await control.metrics())),
  });
}

function metricsText(metrics: Metrics): string {
  const { tenants, homes, tiers, levels, unsavedSince, sessions, pinned } = metrics;
  return [
    family(GAUGE, 'dynabase_tenants', 'Tenants by state.', 'state', tenants),
    family(GAUGE, 'dynabase_tenants_by_home', 'Tenants by where their data is.', 'home', homes),
    family(GAUGE, 'dynabase_tenants_by_tier', 'Tenants by tier.', 'tier', tiers),
    ...policyText(metrics),
    ...levelsText(levels),
    `# HELP ${UNSAVED} Since when the oldest change is in no snapshot; 0 if all are.\n`,
    `# TYPE ${UNSAVED} gauge\n${UNSAVED} ${(unsavedSince ?? 0) / MS_OF_SECOND}\n`,
    family(
      GAUGE,
      'dynabase_sessions',
      'Sessions with a proven password by state.',
      'state',
      sessions,
    ),
    family(GAUGE, 'dynabase_pinned_sessions', 'Sessions that cannot be parked.', 'reason', pinned),
  ].join('');
}

function policyText({ prewarms, decisions, husks }: Metrics): readonly string[] {
  const { hits, misses, wasted } = prewarms;
  const { ready, kept } = husks;
  return [
    family(
      COUNTER,
      'dynabase_prewarms_total',
      'Wakes ahead of people, by whether somebody came.',
      'outcome',
      { hit: hits, miss: misses },
    ),
    `# HELP ${WASTED} How long nobody came to wakes ahead.\n`,
    `# TYPE ${WASTED} counter\n${WASTED} ${wasted / MS_OF_SECOND}\n`,
    family(
      GAUGE,
      'dynabase_husks',
      'Empty databases made ahead: how many are ready, and how many are to be.',
      'state',
      { ready, kept },
    ),
    family(COUNTER, 'dynabase_decisions_total', 'Decisions by kind.', 'kind', decisions),
  ];
}

/** What cannot be measured on this system has no sample. */
function levelsText(levels: LevelTotals): readonly string[] {
  const { l2, l3, l4, hitsL1, hitsL2, hitsL3, wakesL2, wakesL3, wakesL4 } = levels;
  const bytes = { ...(l2 === null ? {} : { L2: l2 }), L3: l3, L4: l4 };
  const reads = { L1: hitsL1, L2: hitsL2, L3: hitsL3 };
  const wakes = { L2: wakesL2, L3: wakesL3, L4: wakesL4 };
  return [
    family(
      GAUGE,
      'dynabase_levels_bytes',
      'Bytes of all tenants as last measured.',
      'level',
      bytes,
    ),
    family(
      COUNTER,
      'dynabase_page_reads_total',
      'Reads of 8 kB pages by the level that served them.',
      'level',
      reads,
    ),
    family(
      COUNTER,
      'dynabase_wakes_total',
      'Wakes by the level that the files came from.',
      'from',
      wakes,
    ),
  ];
}

const GAUGE = 'gauge';
const COUNTER = 'counter';

type Values = Readonly<Record<string, number>>;

/** Samples with one label. Neither names nor values of ours need escapes. */
function family(
  ...[type, name, help, label, values]: readonly [
    type: string,
    name: string,
    help: string,
    label: string,
    values: Values,
  ]
): string {
  const samples = Object.entries(values).map(([is, value]) => `${name}{${label}="${is}"} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');
}
