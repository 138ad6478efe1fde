/** The rows of `work-faults.ts` in the guide. */
import type { WORK_FAULTS } from '../domain/work-faults.ts';
import type { FaultGuide } from './fault-guide.ts';

export const WORK_GUIDE: Pick<FaultGuide, keyof typeof WORK_FAULTS> = {
  OPERATION_UNKNOWN: {
    params: { operation: 'op_4f9k2m0q7x1z' },
    advice: 'List them with `GET /v1/operations`. Those that ended 30 days ago are forgotten.',
  },
  OPERATION_CUT_OFF: {
    params: {},
    advice:
      'Look at the tenant, which heals by itself, and ask for the same again if it is needed.',
  },
  CANCELLED: {
    params: { operation: 'op_4f9k2m0q7x1z' },
    advice:
      'Somebody has cancelled it. Nothing was changed; a tenant that it was waking wakes for the others who wait for it.',
  },
  CANNOT_CANCEL: {
    params: { operation: 'op_4f9k2m0q7x1z', why: 'it has ended' },
    advice: 'Wait for it to end, and undo what it did if need be.',
  },
  WEBHOOK_UNKNOWN: {
    params: { webhook: 'wh_4f9k2m0q7x1z' },
    advice: 'List them with `GET /v1/webhooks`. One of somebody else is not there for you.',
  },
  DELIVERY_UNKNOWN: {
    params: { delivery: 'dl_4f9k2m0q7x1z' },
    advice: 'List those of the webhook. Old ones are forgotten: see the settings of the server.',
  },
  WEBHOOKS_FULL: {
    params: { max: 20 },
    advice:
      'One webhook may ask for several kinds of events. The operator sets how many there may be.',
  },
  BAD_WEBHOOK_URL: {
    params: { why: 'it must begin with https' },
    advice:
      'Give an address on the public internet that speaks HTTPS. `up --webhooks-to-private` allows others.',
  },
  CHANGED_SINCE: {
    params: {},
    advice:
      'Get it again, look at what is new, and send the change with the `ETag` of that answer.',
  },
  IDEMPOTENT_ANSWER_LOST: {
    params: {
      what: 'acme (tn_4f9k2m0q7x1z)',
      way: 'POST /v1/tenants/tn_4f9k2m0q7x1z/rotate-password',
    },
    advice:
      'The server was restarted since. What was asked for is there; the request that is named, with a key of its own, gives it a new secret.',
  },
  RATE_LIMITED: {
    params: { of: 'requests by this caller', waitSeconds: 3 },
    advice:
      'Wait as long as `Retry-After` says. The operator sets the rates: `PATCH /v1/settings`.',
  },
  STREAMS_FULL: {
    params: { max: 32 },
    advice: 'One stream of `GET /v1/events` hears of all tenants. Close those that nobody reads.',
  },
  METHOD_UNKNOWN: {
    params: { method: 'PUT', allowed: 'GET, PATCH, DELETE' },
    advice: 'Use one of the methods that are named, which the header `Allow` says too.',
  },
};
