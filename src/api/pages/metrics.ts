/**
 * `/metrics` in the text formats of OpenMetrics 1.0 and Prometheus 0.0.4, whichever is asked for, and what requests to the
 * API add to it.
 *
 * What is counted is counted as it happens; a scrape reads it, and asks the catalog five questions that cost the same
 * however many tenants there are, and the proxies about tenants that are in use.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Metric, Registry, type RegistryContentType } from 'prom-client';
import type { HealthDesk } from '../../control/service/health-desk.ts';
import type { Family, Labels } from '../../control/service/metrics-family.ts';
import type { Clock } from '../../domain/clock.ts';
import type { FaultCode } from '../../domain/faults.ts';
import type { Span } from '../../domain/tracing.ts';
import { elapsed, type Instant } from '../../domain/units.ts';
import type { Admit } from '../access/admission.ts';
import { operationOf } from '../access/audit.ts';

const OPENMETRICS = /application\/openmetrics-text/;

/** Adds the route, for callers of the operator. */
export function addMetrics(app: FastifyInstance, health: HealthDesk, admit: Admit): void {
  app.get('/metrics', {
    schema: { hide: true },
    ...admit({ scope: 'operator', right: 'read' }),
    handler: async (request, reply) => {
      const isOpen = OPENMETRICS.test(request.headers.accept ?? '');
      const type = isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
      return reply.type(type).send(await metricsText(await health.families(), type));
    },
  });
}

async function metricsText(
  families: readonly Family[],
  type: RegistryContentType,
): Promise<string> {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(type);
  const isOpen = type === Registry.OPENMETRICS_CONTENT_TYPE;
  for (const family of families) {
    const printed = isOpen ? openFamily(family) : plainFamily(family);
    // What a registry asks of a metric is its name, and `get`.
    const metric = { name: printed.name, get: async () => printed };
    registry.registerMetric(metric as unknown as Metric);
  }
  return await registry.metrics();
}

type Line = { readonly metricName?: string; readonly labels: Labels; readonly value: number };

type Printed = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Line[];
};

/** The registry adds `_total` to the samples of counters by itself. */
function openFamily(family: Family): Printed {
  const { kind, name, help } = family;
  if (family.kind === 'histogram') return { name, help, type: kind, values: buckets(family) };
  const metricName = kind === 'info' ? { metricName: `${name}_info` } : {};
  return { name, help, type: kind, values: family.samples.map((s) => ({ ...metricName, ...s })) };
}

function plainFamily(family: Family): Printed {
  const { kind, help } = family;
  if (family.kind === 'histogram') return openFamily(family);
  const suffix = { counter: '_total', info: '_info', gauge: '' }[family.kind];
  const type = kind === 'info' ? 'gauge' : kind;
  return { name: family.name + suffix, help, type, values: family.samples };
}

function buckets({
  name,
  bounds,
  spreads,
}: Extract<Family, { readonly kind: 'histogram' }>): readonly Line[] {
  return spreads.flatMap(({ labels, counts, sum }) => {
    let below = 0;
    const lines = counts.map((count, bucket): Line => {
      below += count;
      const le = bounds[bucket] === undefined ? '+Inf' : String(bounds[bucket]);
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...lines,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ];
  });
}

const FAULTS = new WeakMap<FastifyRequest, FaultCode>();

/** A request has failed with this. */
export function meterFault(request: FastifyRequest, code: FaultCode): void {
  FAULTS.set(request, code);
}

const MS_OF_SECOND = 1_000;

/** Counts all that is answered, and begins a span for each request where traces are collected. */
export function meterRequests(
  app: FastifyInstance,
  { clock, health }: { readonly clock: Clock; readonly health: HealthDesk },
): void {
  const begun = new WeakMap<FastifyRequest, Instant>();
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, _reply, done) => {
    begun.set(request, clock.now());
    const { tracer } = health;
    if (tracer === null) return done();
    const { traceparent } = request.headers;
    const span = tracer.begin(`${request.method} ${nameOf(request)}`, {
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      isServer: true,
      fields: { 'http.request.method': request.method, 'http.route': routeOf(request) },
    });
    spans.set(request, span);
    tracer.within(span, done);
  });
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    const fault = FAULTS.get(request) ?? null;
    const since = begun.get(request) ?? clock.now();
    const seconds = elapsed(since, clock.now()) / MS_OF_SECOND;
    const { method } = request;
    health.answered({ operation: nameOf(request), method, status, seconds, fault });
    const fields = { 'http.response.status_code': status, 'dynabase.request.id': request.id };
    spans.get(request)?.end(fields, fault ?? undefined);
  });
}

const nameOf = (request: FastifyRequest): string => operationOf(request) || 'unknown';

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';
