/** What a route is, and the parts that several of them have. */
import { type TSchema, Type } from 'typebox';

/** The media type of a file that is a body or an answer. */
export const FILE_TYPE = 'application/octet-stream';

/** The media type of events, as they come. */
export const EVENT_STREAM_TYPE = 'text/event-stream';

/** Who may ask for something. */
export type Access = {
  /**
   * `operator`: callers of the operator alone. `customer`: also those of a customer, who see and change what is theirs; where
   * the path names a customer, that one's. `tenant`: also those of the tenant that the path names.
   */
  readonly scope: 'operator' | 'customer' | 'tenant';
  /** What the caller's role must allow. */
  readonly right: 'read' | 'change' | 'billing' | 'admin' | 'claim';
  /** Enough as well; what it is enough for, the action knows. */
  readonly orRight?: 'billing';
};

export type Route = {
  readonly tag:
    | 'tenants'
    | 'customers'
    | 'access'
    | 'server'
    | 'events'
    | 'operations'
    | 'economics'
    | 'webhooks'
    | 'billing';
  readonly summary: string;
  readonly description?: string;
  /** Who may ask; null for everybody, without a key. */
  readonly access: Access | null;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Longest body; few hundred bytes are usual, and 64 KiB are taken if not given. */
  readonly bodyBytesMax?: number;
  readonly headers?: TSchema;
  readonly success: {
    readonly status: 200 | 201 | 204;
    /** Null for nothing, and for a file. */
    readonly shape: TSchema | null;
  };
  /** A file that is the body or the answer, in place of JSON. */
  readonly file?: {
    readonly in: 'body' | 'answer';
    /** `FILE_TYPE` if not given. */
    readonly type?: string;
    readonly description: string;
  };
  /** Codes of the fault table, besides those that any route may answer with. */
  readonly faults: readonly string[];
};

export const Ref = Type.Object({
  ref: Type.String({
    minLength: 1,
    maxLength: 63,
    description: 'Id or name of the tenant.',
    examples: ['acme'],
  }),
});

export const KeyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Any text of your choice. The same request with the same key within 24 hours is done once and answered alike, also after a restart of the server: only an answer with a secret, which is not kept, is then `IDEMPOTENT_ANSWER_LOST`.',
    }),
  ),
});

/** What waking from the archive may meet. */
export const ARCHIVE_FAULTS = [
  'ARCHIVE_DOWN',
  'ARCHIVE_CORRUPT',
  'SNAPSHOT_UNKNOWN',
  'DISK_FULL',
] as const;

export const ok = <S extends TSchema>(shape: S) => ({ status: 200, shape }) as const;
