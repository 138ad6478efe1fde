import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOtlpTracer, readTraceparent } from './tracing.ts';

/** A collector of OTLP over HTTP, in JSON, that keeps what it gets. */
let collector: Server;
let url: string;
let got: { path: string | undefined; body: string }[];

beforeEach(async () => {
  got = [];
  collector = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    got.push({ path: request.url, body: Buffer.concat(parts).toString() });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});

afterEach(() => {
  collector.closeAllConnections();
  collector.close();
});

type Span = {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, unknown> }[];
};

const spans = (): Map<string, Span> =>
  new Map(
    got.flatMap(({ body }) =>
      JSON.parse(body).resourceSpans.flatMap(
        ({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
          scopeSpans.flatMap((scope) => scope.spans.map((span) => [span.name, span] as const)),
      ),
    ),
  );

const TRACE = '0af7651916cd43dd8448eb211c80319c';

test('spans reach the collector with their steps, their faults, and the trace that they belong to', async () => {
  const tracer = await openOtlpTracer({ url, version: '1.2.3' });
  const request = tracer.begin('request', {
    ...{ traceparent: `00-${TRACE}-b7ad6b7169203331-01`, isServer: true },
    fields: { 'http.response.status_code': 200 },
  });
  await tracer.within(request, async () => {
    await Promise.resolve();
    // Whoever is asked far from here belongs to what is under way.
    const wake = tracer.begin('wake');
    tracer.begin('start', { parent: wake }).end({}, 'WAKE_FAILED');
    wake.end();
    wake.end({ late: true });
  });
  request.end();
  tracer.begin('alone').end();
  await tracer.close();
  expect(new Set(got.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  const all = spans();
  const [root, wake, start] = ['request', 'wake', 'start'].map((name) => all.get(name));
  expect(root).toMatchObject({ traceId: TRACE, parentSpanId: 'b7ad6b7169203331', kind: 2 });
  expect(wake).toMatchObject({ traceId: TRACE, parentSpanId: root?.spanId, attributes: [] });
  expect(start).toMatchObject({ traceId: TRACE, parentSpanId: wake?.spanId });
  expect(start?.status).toEqual({ code: 2, message: 'WAKE_FAILED' });
  expect(all.get('alone')?.traceId).not.toBe(TRACE);
});

test('a collector that is gone holds up neither the work nor the end', async () => {
  const { port } = collector.address() as AddressInfo;
  collector.close();
  const tracer = await openOtlpTracer({
    url: `http://127.0.0.1:${port}`,
    ...{ version: '1.2.3', closeWithin: 10 },
  });
  tracer.begin('lost').end();
  await tracer.close();
  expect(got).toEqual([]);
});

test('a traceparent is taken over as the standard says, or not at all', () => {
  const span = 'b7ad6b7169203331';
  expect(readTraceparent(`00-${TRACE}-${span}-01`)).toEqual({
    ...{ traceId: TRACE, spanId: span, traceFlags: 1 },
  });
  expect(readTraceparent(`cc-${TRACE}-${span}-00-more`)?.traceFlags).toBe(0);
  for (const wrong of [
    '',
    `00-${TRACE}-${span}`,
    `00-${TRACE}-${span}-01-more`,
    `ff-${TRACE}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${span}-01`,
  ]) {
    expect([wrong, readTraceparent(wrong)]).toEqual([wrong, null]);
  }
});
