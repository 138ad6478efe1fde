/**
 * Who comes to a database: people, whose coming wakes it and whose leaving lets it sleep, and programs that
 * only look after it. What counts as which is a list of rules, which an operator may replace.
 */

/** An application at work for people is a person too: nobody could tell the two apart. */
export const VISITOR_CLASSES = ['person', 'probe', 'poller', 'monitor', 'backup'] as const;

export type VisitorClass = (typeof VISITOR_CLASSES)[number];

/**
 * What the times of a visitor's requests tell. `steady`: it comes at even intervals, as a timer does.
 * `pings`: it asks nothing but whether anybody is there, like the keepalive of a connection pool.
 */
export const RHYTHMS = ['steady', 'pings'] as const;

export type RhythmKind = (typeof RHYTHMS)[number];

/** All that are given must hold. Texts are globs: `*` is any text, `?` any character; letter case is ignored. */
export type VisitorMatch = {
  readonly role?: string;
  readonly applicationName?: string;
  /** An address, or a network such as `10.0.0.0/8`. IPv6 by its /64 at the finest. */
  readonly address?: string;
  readonly rhythm?: RhythmKind;
};

/** The first rule that matches a visitor counts; one that none matches is a person. */
export type VisitorRule = {
  readonly match: VisitorMatch;
  readonly class: VisitorClass;
  /** What it asks wakes the tenant. Else it is answered by the proxy, or told that the tenant is asleep. */
  readonly wakes: boolean;
  /** Idleness counts from what it asks. Else a request of it holds the compute until it is answered, and no longer. */
  readonly keeps: boolean;
  /** While the tenant sleeps the proxy itself answers what it can answer truly: `select 1`, an empty query. */
  readonly answered: boolean;
};
