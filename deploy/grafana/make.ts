/**
 * Makes the dashboards of Grafana from the description below: `node deploy/grafana/make.ts`, or with `--check` only says
 * whether they are as they are to be.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

type Unit = 's' | 'bytes' | 'percentunit' | 'short' | 'currencyUSD' | 'reqps' | 'dateTimeFromNow';

type Panel = {
  readonly title: string;
  readonly as: 'timeseries' | 'stat' | 'heatmap' | 'piechart' | 'table' | 'state-timeline';
  readonly unit: Unit;
  /** Expression, and how its series are called. */
  readonly asks: readonly (readonly [expression: string, legend: string])[];
  readonly says?: string;
  /** Of 24. */
  readonly width?: number;
};

type Dashboard = {
  readonly file: string;
  readonly title: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
};

const WAITED = 'cause!~"schedule|restart"';

const DASHBOARDS: readonly Dashboard[] = [
  {
    file: 'fleet.json',
    title: 'DynaBase: fleet',
    rows: [
      {
        title: 'Tiers',
        panels: [
          {
            title: 'Tenants by tier',
            as: 'timeseries',
            unit: 'short',
            asks: [['sum by (tier) (dynabase_tenants_by_tier)', '{{tier}}']],
          },
          {
            title: 'Now',
            as: 'piechart',
            unit: 'short',
            width: 4,
            asks: [['sum by (tier) (dynabase_tenants_by_tier)', '{{tier}}']],
          },
          {
            title: 'Flow between tiers',
            as: 'timeseries',
            unit: 'short',
            width: 8,
            asks: [
              [
                'sum by (from, to) (increase(dynabase_tier_changes_total[$__rate_interval]))',
                '{{from}} to {{to}}',
              ],
            ],
          },
        ],
      },
      {
        title: 'What is awake',
        panels: [
          {
            title: 'Tenants by state',
            as: 'timeseries',
            unit: 'short',
            asks: [
              ['sum by (state) (dynabase_tenants{state!="suspended"})', '{{state}}'],
              ['sum(dynabase_tenants{state="suspended"})', 'asleep'],
            ],
          },
          {
            title: 'Part of the fleet that is awake',
            as: 'timeseries',
            unit: 'percentunit',
            width: 6,
            asks: [['dynabase:awake:ratio', 'awake']],
          },
          {
            title: 'Where the data is',
            as: 'timeseries',
            unit: 'short',
            width: 6,
            asks: [['sum by (home) (dynabase_tenants_by_home)', '{{home}}']],
          },
          {
            title: 'Moves',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (from, to) (increase(dynabase_tenant_moves_total[$__rate_interval]))',
                '{{from}} to {{to}}',
              ],
            ],
          },
          {
            title: 'Husks',
            as: 'timeseries',
            unit: 'short',
            asks: [['sum by (state) (dynabase_husks)', '{{state}}']],
          },
        ],
      },
      {
        title: 'Use',
        panels: [
          {
            title: 'Utilisation: time of requests',
            as: 'heatmap',
            unit: 's',
            says: 'Requests by how long they took, over time.',
            asks: [
              ['sum by (le) (increase(dynabase_query_seconds_bucket[$__rate_interval]))', '{{le}}'],
            ],
          },
          {
            title: 'Requests of the tenants used most',
            as: 'timeseries',
            unit: 'reqps',
            asks: [
              [
                'sum by (tenant) (rate(dynabase_tenant_queries_total[$__rate_interval]))',
                '{{tenant}}',
              ],
            ],
          },
          {
            title: 'Sessions',
            as: 'timeseries',
            unit: 'short',
            asks: [['sum by (state) (dynabase_sessions)', '{{state}}']],
          },
          {
            title: 'Why sessions cannot be parked',
            as: 'timeseries',
            unit: 'short',
            asks: [['sum by (reason) (dynabase_pinned_sessions) > 0', '{{reason}}']],
          },
          {
            title: 'Bytes to and from clients',
            as: 'timeseries',
            unit: 'bytes',
            asks: [
              [
                'sum by (direction) (rate(dynabase_client_bytes_total[$__rate_interval]))',
                '{{direction}}',
              ],
            ],
          },
          {
            title: 'Errors told to clients',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (class) (increase(dynabase_query_errors_total[$__rate_interval]))',
                'class {{class}}',
              ],
            ],
          },
        ],
      },
    ],
  },
  {
    file: 'wakes.json',
    title: 'DynaBase: wakes and levels',
    rows: [
      {
        title: 'Wakes that somebody waited for',
        panels: [
          {
            title: 'p50 by level',
            as: 'timeseries',
            unit: 's',
            width: 8,
            asks: [['dynabase:wake_seconds:p50', '{{from}}']],
          },
          {
            title: 'p95 by level',
            as: 'timeseries',
            unit: 's',
            width: 8,
            asks: [['dynabase:wake_seconds:p95', '{{from}}']],
          },
          {
            title: 'p99 by level',
            as: 'timeseries',
            unit: 's',
            width: 8,
            asks: [['dynabase:wake_seconds:p99', '{{from}}']],
          },
          {
            title: 'Wakes by cause',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (cause) (increase(dynabase_wake_seconds_count[$__rate_interval]))',
                '{{cause}}',
              ],
            ],
          },
          {
            title: 'All wakes',
            as: 'heatmap',
            unit: 's',
            asks: [
              [
                `sum by (le) (increase(dynabase_wake_seconds_bucket{${WAITED}}[$__rate_interval]))`,
                '{{le}}',
              ],
            ],
          },
          {
            title: 'What clients waited, p95',
            as: 'timeseries',
            unit: 's',
            asks: [
              [
                'histogram_quantile(0.95, sum by (le, visitor) (rate(dynabase_wake_wait_seconds_bucket[$__rate_interval])))',
                '{{visitor}}',
              ],
            ],
          },
          {
            title: 'Wakes that failed',
            as: 'timeseries',
            unit: 'short',
            asks: [
              ['increase(dynabase_wakes_failed_total[$__rate_interval])', 'failed'],
              ['increase(dynabase_computes_lost_total[$__rate_interval])', 'computes lost'],
            ],
          },
        ],
      },
      {
        title: 'Levels',
        panels: [
          {
            title: 'Reads that memory served',
            as: 'timeseries',
            unit: 'percentunit',
            width: 8,
            asks: [['dynabase:cache_hit:ratio', 'hits']],
          },
          {
            title: 'Reads by level',
            as: 'timeseries',
            unit: 'short',
            width: 8,
            asks: [
              ['sum by (level) (rate(dynabase_page_reads_total[$__rate_interval]))', '{{level}}'],
            ],
          },
          {
            title: 'Bytes by level',
            as: 'timeseries',
            unit: 'bytes',
            width: 8,
            asks: [['sum by (level) (dynabase_levels_bytes)', '{{level}}']],
          },
          {
            title: 'Steps on the ladder',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (kind) (increase(dynabase_step_seconds_count[$__rate_interval]))',
                '{{kind}}',
              ],
            ],
          },
          {
            title: 'Steps on the ladder, p95',
            as: 'timeseries',
            unit: 's',
            asks: [
              [
                'histogram_quantile(0.95, sum by (le, kind) (rate(dynabase_step_seconds_bucket[$__rate_interval])))',
                '{{kind}}',
              ],
            ],
          },
          {
            title: 'Bytes moved',
            as: 'timeseries',
            unit: 'bytes',
            asks: [
              ['sum by (kind) (rate(dynabase_step_bytes_total[$__rate_interval]))', '{{kind}}'],
            ],
          },
          {
            title: 'Changes that are in no snapshot, since',
            as: 'stat',
            unit: 'dateTimeFromNow',
            asks: [['(dynabase_unsaved_since_timestamp_seconds > 0) * 1000', 'oldest']],
          },
        ],
      },
      {
        title: 'Foresight',
        panels: [
          {
            title: 'Wakes ahead that somebody came to',
            as: 'timeseries',
            unit: 'percentunit',
            width: 8,
            asks: [['dynabase:prewarm_hit:ratio', 'came']],
          },
          {
            title: 'Wakes ahead',
            as: 'timeseries',
            unit: 'short',
            width: 8,
            asks: [
              [
                'sum by (outcome) (increase(dynabase_prewarms_total[$__rate_interval]))',
                '{{outcome}}',
              ],
            ],
          },
          {
            title: 'Decisions',
            as: 'timeseries',
            unit: 'short',
            width: 8,
            asks: [
              ['sum by (kind) (increase(dynabase_decisions_total[$__rate_interval]))', '{{kind}}'],
            ],
          },
        ],
      },
    ],
  },
  {
    file: 'business.json',
    title: 'DynaBase: figures and promises',
    rows: [
      {
        title: 'Figures of the last 30 days',
        panels: [
          { title: 'Figures', as: 'table', unit: 'short', asks: [['dynabase_kpi', '{{kpi}}']] },
          {
            title: 'As they are to be',
            as: 'state-timeline',
            unit: 'short',
            asks: [['dynabase_kpi_met', '{{kpi}}']],
          },
        ],
      },
      {
        title: 'Money',
        panels: [
          {
            title: 'Cost of computing a tenant a month',
            as: 'timeseries',
            unit: 'currencyUSD',
            width: 8,
            says: 'Empty until cost is reckoned.',
            asks: [
              ['dynabase_kpi{kpi="compute-cost"}', 'cost'],
              ['dynabase_kpi_target{kpi="compute-cost"}', 'target'],
            ],
          },
          {
            title: 'Cost a day by tier',
            as: 'timeseries',
            unit: 'currencyUSD',
            width: 8,
            says: 'Empty until cost is reckoned.',
            asks: [['sum by (tier) (dynabase_cost_day_dollars)', '{{tier}}']],
          },
          {
            title: 'Margin by tier',
            as: 'timeseries',
            unit: 'percentunit',
            width: 8,
            says: 'Empty until revenue is reckoned.',
            asks: [
              [
                '1 - sum by (tier) (dynabase_cost_day_dollars) / sum by (tier) (dynabase_revenue_day_dollars)',
                '{{tier}}',
              ],
              ['dynabase_kpi{kpi="gross-margin"}', 'all'],
            ],
          },
        ],
      },
      {
        title: 'Promises',
        panels: [
          {
            title: 'Time of a request by tier, p95',
            as: 'timeseries',
            unit: 's',
            asks: [['dynabase:query_seconds_by_tier:p95', '{{tier}}']],
          },
          {
            title: 'Cold start by tier, p95',
            as: 'timeseries',
            unit: 's',
            asks: [['dynabase:wake_seconds_by_tier:p95', '{{tier}}']],
          },
          {
            title: 'Uptime',
            as: 'timeseries',
            unit: 'percentunit',
            asks: [['dynabase_kpi{kpi=~".*-uptime"}', '{{kpi}}']],
          },
          {
            title: 'How fast the promised uptime is used up',
            as: 'timeseries',
            unit: 'short',
            says: '1 uses all of it in 30 days.',
            asks: [
              ['dynabase:uptime_burn:rate1h', '{{plan}}, 1 h'],
              ['dynabase:uptime_burn:rate6h', '{{plan}}, 6 h'],
            ],
          },
        ],
      },
    ],
  },
  {
    file: 'server.json',
    title: 'DynaBase: server',
    rows: [
      {
        title: 'Machine',
        panels: [
          {
            title: 'Processors',
            as: 'timeseries',
            unit: 'short',
            width: 8,
            asks: [
              [
                'sum by (process) (rate(dynabase_process_cpu_seconds_total[$__rate_interval]))',
                '{{process}} plane',
              ],
            ],
          },
          {
            title: 'Memory',
            as: 'timeseries',
            unit: 'bytes',
            width: 8,
            asks: [['sum by (process) (dynabase_process_resident_bytes)', '{{process}} plane']],
          },
          {
            title: 'Disk that is free',
            as: 'timeseries',
            unit: 'percentunit',
            width: 8,
            asks: [['dynabase_disk_free_bytes / dynabase_disk_size_bytes', 'free']],
          },
          {
            title: 'Lag of the control plane',
            as: 'timeseries',
            unit: 's',
            asks: [['dynabase_event_loop_lag_seconds', 'p{{percentile}}']],
          },
          {
            title: 'Control plane at work',
            as: 'timeseries',
            unit: 'percentunit',
            asks: [['rate(dynabase_event_loop_busy_seconds_total[$__rate_interval])', 'busy']],
          },
        ],
      },
      {
        title: 'API and catalog',
        panels: [
          {
            title: 'Requests',
            as: 'timeseries',
            unit: 'reqps',
            asks: [
              [
                'sum by (operation) (rate(dynabase_http_requests_total[$__rate_interval]))',
                '{{operation}}',
              ],
            ],
          },
          {
            title: 'Requests, p95',
            as: 'timeseries',
            unit: 's',
            asks: [
              [
                'histogram_quantile(0.95, sum by (le, method) (rate(dynabase_http_request_seconds_bucket[$__rate_interval])))',
                '{{method}}',
              ],
            ],
          },
          {
            title: 'Sessions and HTTP calls that were refused',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (code) (increase(dynabase_session_refusals_total[$__rate_interval]))',
                '{{code}}',
              ],
            ],
          },
          {
            title: 'Failures by code',
            as: 'timeseries',
            unit: 'short',
            asks: [
              ['sum by (code) (increase(dynabase_faults_total[$__rate_interval]))', '{{code}}'],
            ],
          },
          {
            title: 'Part that failed by our fault',
            as: 'timeseries',
            unit: 'percentunit',
            asks: [['dynabase:http_errors:ratio', 'failed']],
          },
          {
            title: 'Catalog, p95',
            as: 'timeseries',
            unit: 's',
            asks: [
              [
                'histogram_quantile(0.95, sum by (le) (rate(dynabase_catalog_seconds_bucket[$__rate_interval])))',
                'answers',
              ],
            ],
          },
          {
            title: 'Catalog, failures',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (code) (increase(dynabase_catalog_faults_total[$__rate_interval]))',
                '{{code}}',
              ],
            ],
          },
          {
            title: 'Operations',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (kind, status) (increase(dynabase_operations_total[$__rate_interval]))',
                '{{kind}} {{status}}',
              ],
            ],
          },
          {
            title: 'Parking',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (request, outcome) (increase(dynabase_park_seconds_count[$__rate_interval]))',
                '{{request}} {{outcome}}',
              ],
            ],
          },
          {
            title: 'Work on data that failed',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (call, code) (increase(dynabase_host_faults_total[$__rate_interval]))',
                '{{call}} {{code}}',
              ],
            ],
          },
          {
            title: 'Webhooks',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (outcome) (increase(dynabase_webhook_deliveries_total[$__rate_interval]))',
                '{{outcome}}',
              ],
            ],
          },
          {
            title: 'Limits',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (quota, event) (increase(dynabase_quota_events_total[$__rate_interval]))',
                '{{quota}} {{event}}',
              ],
            ],
          },
          {
            title: 'Log',
            as: 'timeseries',
            unit: 'short',
            asks: [
              [
                'sum by (level) (increase(dynabase_log_lines_total[$__rate_interval]))',
                '{{level}}',
              ],
            ],
          },
        ],
      },
    ],
  },
];

const COLUMNS = 24;
const PANEL_HEIGHT = 8;
/** The one that the dashboard's variable names. */
const SOURCE = { type: 'prometheus', uid: ['$', '{datasource}'].join('') };

function dashboardOf({ title, file, rows }: Dashboard): object {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap((row) => {
    const head = {
      ...{ id: ++id, type: 'row', title: row.title, collapsed: false, panels: [] },
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
    };
    let x = 0;
    const placed = row.panels.map((panel) => {
      const w = panel.width ?? COLUMNS / 2;
      if (x + w > COLUMNS) {
        x = 0;
        y += PANEL_HEIGHT;
      }
      const gridPos = { x, y, w, h: PANEL_HEIGHT };
      x += w;
      return panelOf(panel, ++id, gridPos);
    });
    y += PANEL_HEIGHT;
    return [head, ...placed];
  });
  return {
    ...{ uid: `dynabase-${file.replace('.json', '')}`, title, tags: ['dynabase'], editable: true },
    ...{ schemaVersion: 41, version: 1, refresh: '30s', time: { from: 'now-6h', to: 'now' } },
    templating: {
      list: [
        {
          ...{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        },
      ],
    },
    annotations: { list: [] },
    panels,
  };
}

function panelOf({ title, as, unit, asks, says }: Panel, id: number, gridPos: object): object {
  const isTable = as === 'table';
  return {
    ...{ id, title, type: as, gridPos, datasource: SOURCE },
    ...(says === undefined ? {} : { description: says }),
    fieldConfig: {
      defaults: {
        unit,
        ...(as === 'timeseries'
          ? { custom: { fillOpacity: 10, showPoints: 'never' }, min: 0 }
          : {}),
      },
      overrides: [],
    },
    options:
      as === 'timeseries'
        ? { legend: { displayMode: 'table', placement: 'right', calcs: ['lastNotNull'] } }
        : as === 'heatmap'
          ? { calculate: false, yAxis: { unit } }
          : {},
    targets: asks.map(([expr, legendFormat], place) => ({
      ...{
        refId: String.fromCharCode('A'.charCodeAt(0) + place),
        datasource: SOURCE,
        expr,
        legendFormat,
      },
      ...(as === 'heatmap' ? { format: 'heatmap' } : {}),
      ...(isTable ? { format: 'table', instant: true } : {}),
    })),
  };
}

const isCheck = process.argv.includes('--check');
let differs = false;
for (const dashboard of DASHBOARDS) {
  const path = join(import.meta.dirname, 'dashboards', dashboard.file);
  const made = dashboardOf(dashboard);
  if (!isCheck) writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`);
  else if (!isDeepStrictEqual(JSON.parse(readFileSync(path, 'utf8')), made)) differs = true;
}
if (differs) {
  process.stderr.write('dashboards differ from their description: node deploy/grafana/make.ts\n');
  process.exitCode = 1;
}
