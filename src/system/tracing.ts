/**
 * Traces to a collector of OpenTelemetry, by OTLP over HTTP.
 *
 * Its packages are optional and loaded when somebody wants traces: without, none of them is. Spans are kept for some
 * seconds and sent together; a collector that does not answer loses them, and holds nothing up.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Context, Span as OtelSpan, Tracer as OtelTracer } from '@opentelemetry/api';
import { fault } from '../domain/faults.ts';
import type { Span, SpanFields, SpanOptions, Tracer } from '../domain/tracing.ts';

export type OtlpOptions = {
  /** Where the collector takes traces, such as `http://localhost:4318`. */
  readonly url: string;
  /** Of DynaBase. */
  readonly version: string;
  /** Longest that the end waits for spans to be sent, in milliseconds; two seconds if not given. */
  readonly closeWithin?: number;
};

/** Most spans that wait to be sent; what comes then is left out. */
const SPANS_MAX = 8_192;

const SENT_EVERY_MS = 2_000;
const SENT_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 2_000;

/** Throws `BAD_OPTION` if the packages are not installed. */
export async function openOtlpTracer(options: OtlpOptions): Promise<Tracer> {
  const { url, version, closeWithin = CLOSE_WITHIN_MS } = options;
  const { api, sdk, exporter, resources } = await packages();
  const base = new URL(url);
  if (!base.pathname.endsWith('/v1/traces')) {
    base.pathname = `${base.pathname.replace(/\/$/, '')}/v1/traces`;
  }
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': 'dynabase',
      'service.version': version,
    }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new exporter.OTLPTraceExporter({ url: base.href, timeoutMillis: SENT_WITHIN_MS }),
        maxQueueSize: SPANS_MAX,
        scheduledDelayMillis: SENT_EVERY_MS,
        exportTimeoutMillis: SENT_WITHIN_MS,
      }),
    ],
  });
  return new OtlpTracer(api, provider.getTracer('dynabase', version), () =>
    Promise.race([provider.shutdown(), setTimeout(closeWithin, undefined, { ref: false })]),
  );
}

type Api = typeof import('@opentelemetry/api');

async function packages() {
  try {
    const [api, sdk, exporter, resources] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
    return { api, sdk, exporter, resources };
  } catch (cause) {
    const names = ['api', 'sdk-trace', 'exporter-trace-otlp-http', 'resources'];
    const packages = names.map((name) => `@opentelemetry/${name}`).join(' ');
    const why = `traces need packages that are not installed: npm install ${packages}`;
    throw fault('BAD_OPTION', { option: '--otlp-url', why }, { cause });
  }
}

class OtlpTracer implements Tracer {
  readonly #api: Api;
  readonly #tracer: OtelTracer;
  readonly #shutdown: () => Promise<void>;
  readonly #current = new AsyncLocalStorage<OtlpSpan>();

  constructor(api: Api, tracer: OtelTracer, shutdown: () => Promise<void>) {
    this.#api = api;
    this.#tracer = tracer;
    this.#shutdown = shutdown;
  }

  begin(name: string, options: SpanOptions = {}): OtlpSpan {
    const { fields = {}, isServer = false } = options;
    const { SpanKind } = this.#api;
    const kind = isServer ? SpanKind.SERVER : SpanKind.INTERNAL;
    const context = this.#contextOf(options);
    const span = this.#tracer.startSpan(name, { attributes: fields, kind }, context);
    const { ERROR } = this.#api.SpanStatusCode;
    return new OtlpSpan(span, this.#api.trace.setSpan(context, span), ERROR);
  }

  within<T>(span: Span, work: () => T): T {
    return span instanceof OtlpSpan ? this.#current.run(span, work) : work();
  }

  async close(): Promise<void> {
    // A collector that is gone is no reason to fail at the end.
    await this.#shutdown().catch(() => undefined);
  }

  #contextOf({ parent, traceparent }: SpanOptions): Context {
    const { ROOT_CONTEXT, trace } = this.#api;
    if (parent instanceof OtlpSpan) return parent.context;
    const remote = traceparent === undefined ? null : readTraceparent(traceparent);
    if (remote === null) return this.#open() ?? ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
  }

  /** What a timer does that was set in a chain of calls is no step of what has ended long ago. */
  #open(): Context | undefined {
    const current = this.#current.getStore();
    return current?.isOpen === true ? current.context : undefined;
  }
}

class OtlpSpan implements Span {
  readonly context: Context;
  readonly #span: OtelSpan;
  readonly #error: number;

  constructor(span: OtelSpan, context: Context, error: number) {
    this.#span = span;
    this.context = context;
    this.#error = error;
  }

  get isOpen(): boolean {
    return this.#span.isRecording();
  }

  end(fields: SpanFields = {}, why?: string): void {
    if (!this.isOpen) return;
    this.#span.setAttributes(fields);
    if (why !== undefined) this.#span.setStatus({ code: this.#error, message: why });
    this.#span.end();
  }
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const NOTHING = /^0+$/;

/** Null for what W3C's Trace Context says is to be taken as if it were not there. */
export function readTraceparent(
  text: string,
): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | null {
  const [, version, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && text.length !== 55)) {
    return null;
  }
  if (NOTHING.test(traceId) || NOTHING.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}
