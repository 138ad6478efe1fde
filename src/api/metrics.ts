/**
 * `/metrics` in Prometheus' text format, version 0.0.4.
 *
 * Written by hand: three gauges need no library. Counts only, no name of a tenant: what is scraped
 * is kept for long, and a label a tenant would make a series a tenant.
 */
import type { FastifyInstance } from 'fastify';
import type { Control, Metrics } from '../control/control.ts';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Adds the route. `guard` throws unless the request has the admin key. */
export function addMetrics(
  app: FastifyInstance,
  control: Control,
  guard: (authorization: string | undefined) => void,
): void {
  app.get('/metrics', {
    schema: { hide: true },
    onRequest: async (request) => guard(request.headers.authorization),
    handler: async (_request, reply) =>
      reply.type(METRICS_TYPE).send(metricsText(await control.metrics())),
  });
}

function metricsText({ tenants, sessions, pinned }: Metrics): string {
  return [
    gauge('dynabase_tenants', 'Tenants by state.', 'state', tenants),
    gauge('dynabase_sessions', 'Sessions with a proven password by state.', 'state', sessions),
    gauge('dynabase_pinned_sessions', 'Sessions that cannot be parked.', 'reason', pinned),
  ].join('');
}

/** One gauge with one label. Neither names nor values of ours need escapes. */
function gauge(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): string {
  const samples = Object.entries(values).map(([is, value]) => `${name}{${label}="${is}"} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples, ''].join('\n');
}
