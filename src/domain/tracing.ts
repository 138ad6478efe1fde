/**
 * Traces: how long each step of something took, for whoever collects such things.
 *
 * No name, text or secret of a tenant is ever in a span: its id, levels, tiers and codes of faults say enough.
 */

export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** Something that takes time, and has begun. */
export interface Span {
  /** The first call counts. `fault` says why it has failed. */
  end(fields?: SpanFields, fault?: string): void;
}

export type SpanOptions = {
  readonly fields?: SpanFields;
  /** What it is a step of; what is still under way in this chain of calls if not given. */
  readonly parent?: Span;
  /** What somebody else has begun, as W3C's `traceparent`. */
  readonly traceparent?: string | undefined;
  /** Somebody else's request is answered by it. */
  readonly isServer?: boolean;
};

export interface Tracer {
  begin(name: string, options?: SpanOptions): Span;
  /** Runs `work`: what it begins are steps of `span`, also later in its chain of calls, until `span` has ended. */
  within<T>(span: Span, work: () => T): T;
  /** Resolves when what has ended is told, or could not be. */
  close(): Promise<void>;
}
