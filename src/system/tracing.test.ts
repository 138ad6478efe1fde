import { expect, test } from 'vitest';
import { otlpDouble } from '../testing/otlp-double.ts';
import { openOtlpTracer, readTraceparent } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

test('spans reach the collector with their steps, their faults, and the trace that they belong to', async () => {
  await using collector = await otlpDouble();
  const tracer = await openOtlpTracer({ url: collector.url, version: '1.2.3' });
  const ended = Promise.withResolvers<void>();
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
  const later = tracer.within(request, async () => {
    await ended.promise;
    tracer.begin('by a timer').end();
  });
  request.end();
  ended.resolve();
  await later;
  tracer.begin('alone').end();
  await tracer.close();
  expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']));
  const all = new Map(collector.spans().map((span) => [span.name, span] as const));
  const [root, wake, start] = ['request', 'wake', 'start'].map((name) => all.get(name));
  expect(root).toMatchObject({ traceId: TRACE, parentSpanId: 'b7ad6b7169203331', kind: 2 });
  expect(wake).toMatchObject({ traceId: TRACE, parentSpanId: root?.spanId, attributes: [] });
  expect(start).toMatchObject({ traceId: TRACE, parentSpanId: wake?.spanId });
  expect(start?.status).toEqual({ code: 2, message: 'WAKE_FAILED' });
  expect(all.get('alone')?.traceId).not.toBe(TRACE);
  // The request it was set in is over: it belongs to nothing.
  expect(all.get('by a timer')?.traceId).not.toBe(TRACE);
});

test('a collector that is gone holds up neither the work nor the end', async () => {
  const collector = await otlpDouble();
  await collector[Symbol.asyncDispose]();
  const tracer = await openOtlpTracer({ url: collector.url, version: '1.2.3', closeWithin: 10 });
  tracer.begin('lost').end();
  await tracer.close();
  expect(collector.bodies).toEqual([]);
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
