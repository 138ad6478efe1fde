/** Failures around long work, webhooks, and how often or on what grounds the API is asked. */
import type { FaultSpec, None } from './fault-spec.ts';

export const WORK_FAULTS = {
  OPERATION_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { operation: string }) => `there is no operation "${p.operation}"`,
  },
  OPERATION_CUT_OFF: {
    kind: 'control',
    sqlstate: '57P01',
    http: 503,
    retry: 'soon',
    message: (_: None) =>
      'the server ended before this was done; what was half done is finished or taken back by itself, look and repeat it if need be',
  },
  CANCELLED: {
    kind: 'client',
    sqlstate: '57014',
    http: 409,
    retry: 'never',
    message: (p: { operation: string }) =>
      `operation "${p.operation}" was cancelled; what it was to change is as it was before`,
  },
  CANNOT_CANCEL: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { operation: string; why: string }) =>
      `operation "${p.operation}" cannot be cancelled: ${p.why}`,
  },
  WEBHOOK_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { webhook: string }) => `there is no webhook "${p.webhook}"`,
  },
  DELIVERY_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { delivery: string }) => `there is no delivery "${p.delivery}" of this webhook`,
  },
  WEBHOOKS_FULL: {
    kind: 'quota',
    sqlstate: '53400',
    http: 409,
    retry: 'never',
    message: (p: { max: number }) => `there are ${p.max} webhooks already; delete one first`,
  },
  BAD_WEBHOOK_URL: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => `the webhook cannot be sent there: ${p.why}`,
  },
  CHANGED_SINCE: {
    kind: 'client',
    sqlstate: '40001',
    http: 412,
    retry: 'never',
    message: (_: None) =>
      'it was changed since you looked; look again, and repeat with its new tag',
  },
  IDEMPOTENT_ANSWER_LOST: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { what: string; way: string }) =>
      `this was done before, for ${p.what}; its answer held a secret, which is not kept: get a new one with ${p.way}`,
  },
  RATE_LIMITED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 429,
    retry: 'soon',
    message: (p: { of: string; waitSeconds: number }) =>
      `too many ${p.of}; go on in ${p.waitSeconds} s`,
  },
  STREAMS_FULL: {
    kind: 'quota',
    sqlstate: '53300',
    http: 429,
    retry: 'never',
    message: (p: { max: number }) =>
      `only ${p.max} streams of events may be open at once; close one`,
  },
  METHOD_UNKNOWN: {
    kind: 'client',
    sqlstate: '0A000',
    http: 405,
    retry: 'never',
    message: (p: { method: string; allowed: string }) =>
      `this does not take ${p.method}; it takes ${p.allowed}`,
  },
} as const satisfies Record<string, FaultSpec>;
