/**
 * What the policy decided about a tenant: what it looked at, what came of it, and why, in a sentence that
 * a customer may read. Kept, so that it can be explained and replayed.
 */
import type { Timestamp } from './units.ts';

export const DECISION_KINDS = ['tier', 'prewarm', 'size', 'anomaly', 'policy'] as const;

export type DecisionKind = (typeof DECISION_KINDS)[number];

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export type Decision = {
  readonly at: Timestamp;
  readonly kind: DecisionKind;
  /** What was, and what became of it, such as tiers; null where there is no such thing. */
  readonly from: string | null;
  readonly to: string | null;
  readonly because: string;
  /** All that it looked at; with its rules enough to decide the same again. At most 1 kB as JSON. */
  readonly inputs: { readonly [key: string]: Json };
};

export const isDecisionKind = (text: string): text is DecisionKind =>
  DECISION_KINDS.some((kind) => kind === text);
