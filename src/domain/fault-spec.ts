/** What the table of faults says of each. */
export type FaultKind = 'client' | 'quota' | 'compute' | 'control' | 'internal';

export type FaultSpec = {
  /** Whose matter it is; the label of the metric. */
  readonly kind: FaultKind;
  /** Five characters of PostgreSQL's classes. */
  readonly sqlstate: string;
  readonly http: number;
  /** Whether the same request may succeed when repeated: never, or after a short wait. */
  readonly retry: 'never' | 'soon';
  readonly message: (params: never) => string;
};

/** The parameters of a message that has none. */
export type None = Record<never, never>;
