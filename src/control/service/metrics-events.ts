/** What is told of by events, by the log and by the doors, counted. */
import type { Event, Events } from '../../domain/events.ts';
import type { Log, LogFields } from '../../domain/log.ts';
import { HOLD_NAMES } from '../../domain/quota.ts';
import type { HookSender } from '../../domain/webhook.ts';
import type { Family } from './metrics-family.ts';
import { Distribution, Tally } from './metrics-tally.ts';
import type { FleetWatch } from './metrics-watch.ts';

const REQUEST_BOUNDS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30,
] as const;

/** How a request to the API was answered. */
export type Answered = {
  /** The name of its operation, or the path of a route without one; `unknown` for no route. */
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** Null if it has succeeded. */
  readonly fault: string | null;
};

export class EventWatch {
  readonly #operations = new Tally(
    { name: 'dynabase_operations', help: 'Operations that have ended, by kind and outcome.' },
    ['kind', 'status'],
  );
  readonly #quotas = new Tally(
    { name: 'dynabase_quota_events', help: 'Limits passed, and tenants let go again.' },
    ['quota', 'event'],
  );
  readonly #webhooks = new Tally(
    { name: 'dynabase_webhook_deliveries', help: 'Tries to deliver an event, by what came of it.' },
    ['outcome'],
  );
  readonly #requests = new Tally(
    { name: 'dynabase_http_requests', help: 'Requests to the API, by operation and status.' },
    ['operation', 'status'],
  );
  readonly #requestTimes = new Distribution(
    { name: 'dynabase_http_request_seconds', help: 'Requests to the API that have been answered.' },
    REQUEST_BOUNDS_S,
    ['method'],
  );
  readonly #faults = new Tally(
    {
      name: 'dynabase_faults',
      help: 'Requests to the API that failed, by code; see docs/errors.md.',
    },
    ['code'],
  );
  readonly #lines = new Tally(
    { name: 'dynabase_log_lines', help: 'Lines of the log; each `error` wants a person to look.' },
    ['level'],
  );

  constructor() {
    this.#requests.add({ operation: 'unknown', status: '401' }, 0);
    this.#requests.add({ operation: 'unknown', status: '500' }, 0);
    // An alert on the first of its kind needs a sample from before it.
    for (const quota of HOLD_NAMES) {
      for (const event of ['soft', 'hard']) this.#quotas.add({ quota, event }, 0);
    }
    for (const level of ['warn', 'error']) this.#lines.add({ level }, 0);
  }

  /** Listens from now on. The answer ends it. */
  listen(events: Events, watch: FleetWatch): () => void {
    return events.subscribe({}, (event) => {
      if (event.type === 'customer.created') watch.customer('new');
      if (event.type === 'customer.deleted') watch.customer('gone');
      if (event.type === 'operation.ended') this.#operations.add(outcomeOf(event));
      if (event.type.startsWith('quota.')) this.#quotas.add(quotaOf(event));
    });
  }

  answered({ operation, method, status, seconds, fault }: Answered): void {
    this.#requests.add({ operation, status: String(status) });
    this.#requestTimes.note({ method }, seconds);
    if (fault !== null) this.#faults.add({ code: fault });
  }

  sender(sender: HookSender): HookSender {
    return {
      check: (url) => sender.check(url),
      send: async (parcel) => {
        const receipt = await sender.send(parcel);
        const outcome =
          'error' in receipt ? 'unreachable' : `${Math.floor(receipt.status / 100)}xx`;
        this.#webhooks.add({ outcome });
        return receipt;
      },
    };
  }

  log(log: Log): Log {
    const counted =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (message: string, fields?: LogFields): void => {
        if (level === 'warn' || level === 'error') this.#lines.add({ level });
        log[level](message, fields);
      };
    return {
      debug: counted('debug'),
      info: counted('info'),
      warn: counted('warn'),
      error: counted('error'),
      child: (fields) => this.log(log.child(fields)),
    };
  }

  families(): readonly Family[] {
    return [
      ...[this.#operations, this.#quotas, this.#webhooks, this.#requests, this.#requestTimes],
      ...[this.#faults, this.#lines],
    ].map((counted) => counted.family());
  }
}

const outcomeOf = ({ data }: Event) => ({ kind: String(data.kind), status: String(data.status) });

const quotaOf = ({ type, data }: Event) => ({
  quota: String(data.quota ?? 'unknown'),
  event: type.slice('quota.'.length),
});
