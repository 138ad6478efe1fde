import { type Static, Type } from 'typebox';
import { Count, Moment } from './values.ts';

const counters = {
  sessions: Count('Sessions begun, after a proven password.'),
  queries: Count('Simple queries and executed portals.'),
  byRobots: Count('Of the queries, those of health checks, monitors, pollers and backups.'),
  transactions: Count('Transactions ended, committed or rolled back.'),
  errors: Type.Unsafe<Record<string, number>>({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Errors by SQLSTATE class, its first two characters.',
    examples: [{ '42': 3 }],
  }),
  bytesIn: Count('Bytes from clients, without TLS and login.'),
  bytesOut: Count('Bytes to clients, without TLS and login.'),
  latency: Type.Array(Type.Integer(), {
    description:
      'Requests by time to ReadyForQuery: one count for each of `latencyBoundsUs`, and one for what was slower.',
  }),
  latencySumUs: Count('Sum of those times, in microseconds.'),
};

export const UsageMinute = Type.Object(
  { minute: Moment('Start of the minute.'), ...counters },
  { $id: 'UsageMinute', additionalProperties: false },
);
export type UsageMinute = Static<typeof UsageMinute>;

export const UsageTotal = Type.Object(counters, { $id: 'UsageTotal', additionalProperties: false });
export type UsageTotal = Static<typeof UsageTotal>;

export const Usage = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.' }),
    from: Moment('Start of the span, included.'),
    to: Moment('End of the span, not included.'),
    latencyBoundsUs: Type.Array(Type.Integer(), {
      description: 'Upper bounds of the latency buckets, in microseconds.',
    }),
    total: UsageTotal,
    minutes: Type.Array(UsageMinute, {
      description: 'Oldest first; minutes without use are left out.',
    }),
    next: Type.Union([Moment(''), Type.Null()], {
      description: 'Send it as `from` to get what did not fit; null if all did.',
    }),
  },
  { $id: 'Usage', additionalProperties: false },
);
export type Usage = Static<typeof Usage>;
