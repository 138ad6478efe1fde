/** Failures of those who have used what they may, or come from where they may not. */
import type { FaultSpec, None } from './fault-spec.ts';

const UNITS: Readonly<Record<string, string>> = {
  activeTimeSeconds: 's of active time',
  computeTimeSeconds: 's of compute time',
  writtenDataBytes: ' bytes of written data',
  dataTransferBytes: ' bytes of data transfer',
  logicalSizeBytes: ' bytes of logical size',
  sessions: ' sessions',
};

export const QUOTA_FAULTS = {
  QUOTA_EXCEEDED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 402,
    retry: 'never',
    message: (p: {
      readonly tenant: string;
      readonly quota: string;
      readonly limit: number;
      readonly of: 'tenant' | 'customer';
      /** RFC 3339; null for no time that would help. */
      readonly until: string | null;
    }) =>
      `${whatOf(p)} of ${p.of === 'tenant' ? `"${p.tenant}"` : `the customer of "${p.tenant}"`} is used up` +
      `${p.quota in UNITS ? ` (${p.limit}${UNITS[p.quota]})` : ''}; ${adviceFor(p)}`,
  },
  ADDRESS_NOT_ALLOWED: {
    kind: 'client',
    sqlstate: '28000',
    http: 403,
    retry: 'never',
    message: (p: { tenant: string }) =>
      `"${p.tenant}" does not allow clients from this address; its list of allowed addresses can be changed over the API`,
  },
  CLAIMS_OFF: {
    kind: 'client',
    sqlstate: '55000',
    http: 404,
    retry: 'never',
    message: (_: None) => 'this server gives no databases without an account',
  },
  CLAIMS_FULL: {
    kind: 'quota',
    sqlstate: '53400',
    http: 503,
    retry: 'soon',
    message: (p: { max: number }) =>
      `as many databases wait to be claimed as may (${p.max}); try again later, or log in`,
  },
  CLAIMS_THROTTLED: {
    kind: 'quota',
    sqlstate: '53400',
    http: 429,
    retry: 'soon',
    message: (p: { seconds: number }) =>
      `too many databases were made from this address; try again in ${p.seconds} s`,
  },
  CLAIM_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (_: None) => 'there is no such claim: it was claimed, or its time is over',
  },
} as const satisfies Record<string, FaultSpec>;

function whatOf({ quota }: { readonly quota: string }): string {
  if (quota === 'budget') return "this month's budget";
  return quota === 'included' ? 'what is included in the plan' : `the quota ${quota}`;
}

function adviceFor({
  quota,
  until,
}: {
  readonly quota: string;
  readonly until: string | null;
}): string {
  if (quota === 'sessions') return 'close some, or have the quota raised';
  if (quota === 'logicalSizeBytes') {
    return `have the quota raised, or delete data ${until === null ? 'now' : `from ${until} on`}`;
  }
  return `it begins anew on ${until ?? 'the first of the next month'}, or have it raised`;
}
