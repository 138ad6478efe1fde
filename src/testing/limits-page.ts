/** docs/limits.md, made of the constants that the program goes by. */

import { REMEMBERED_FOR } from '../api/access/idempotency.ts';
import { BODY_BYTES_MAX, LARGE_BODIES_BYTES_MAX } from '../api/access/large-bodies.ts';
import { STREAMS_MAX } from '../api/event-stream.ts';
import { ADDRESS_CONNECTIONS_MAX, HEADERS_TIMEOUT } from '../api/listen.ts';
import { OPTIONS } from '../cli/options/options.ts';
import {
  MAX_PIN_IDLE_MAX_MS,
  MAX_PIN_IDLE_MIN_MS,
  QUERY_BODY_BYTES_MAX,
  QUERY_BYTES_DEFAULT,
  QUERY_BYTES_MAX,
  QUERY_ROWS_DEFAULT,
  QUERY_ROWS_MAX,
  QUERY_TIMEOUT_DEFAULT_MS,
  QUERY_TIMEOUT_MAX_MS,
  QUOTA_NAMES,
  RESTART_WITHIN_DEFAULT_MS,
  RESTART_WITHIN_MAX_MS,
  ROLE_CONNECTIONS_MAX,
  SESSIONS_MAX,
  SNAPSHOT_NAME_LENGTH_MAX,
  SUSPEND_AFTER_MAX_MS,
  SUSPEND_AFTER_MIN_MS,
} from '../contract/limits.ts';
import { KEPT_MAX } from '../control/event-bus.ts';
import { QUERIES_MAX } from '../control/inside/query-desk.ts';
import { TICKET_LIFE } from '../control/tickets.ts';
import { NOTICE_BYTES_MAX, NOTICES_MAX } from '../domain/query.ts';
import { type Rate, SETTINGS_DEFAULT } from '../domain/settings.ts';
import { STATEMENTS_COUNTED } from '../embedded/settings.ts';
import { INBOX_BYTES_MAX } from '../proxy/inbox.ts';
import { PROXY_DEFAULTS } from '../proxy/proxy-options.ts';
import { STATEMENTS_MAX } from '../wire/http-call.ts';

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
  [1, 'millisecond'],
];

/** In the largest unit that it is whole in. */
function time(ms: number): string {
  const [length, name] = UNITS.find(([unit]) => ms % unit === 0) ?? [1, 'millisecond'];
  const count = ms / length;
  return `${count.toLocaleString('en-US')} ${name}${count === 1 ? '' : 's'}`;
}

const SIZES = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

function size(bytes: number): string {
  let at = 0;
  let count = bytes;
  for (; count % 1_024 === 0 && at < SIZES.length - 1; at++) count /= 1_024;
  return `${count.toLocaleString('en-US')} ${SIZES[at]}`;
}

const count = (n: number): string => n.toLocaleString('en-US');

const rate = ({ perMinute, burst }: Rate): string =>
  perMinute >= 60
    ? `${count(burst)} at once, and ${count(perMinute / 60)} more each second`
    : `${count(burst)} at once, and ${count(perMinute * 60)} more each hour`;

type Row = readonly [what: string, limit: string, by: string];

const table = (rows: readonly Row[]): string =>
  [
    '| what | limit | changed by |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

const { rates, claimable, webhooks, retention } = SETTINGS_DEFAULT;
const { throttle } = PROXY_DEFAULTS;

const SETTINGS = '`PATCH /v1/settings`';
const NOBODY = 'nothing';

const CLIENTS: readonly Row[] = [
  [
    'sessions of the server',
    count(Number(OPTIONS.sessionsMaxTotal.default)),
    '`--sessions-max-total`',
  ],
  [
    'connections of one address',
    count(Number(OPTIONS.sessionsMaxPerAddress.default)),
    '`--sessions-max-per-address`',
  ],
  [
    'sessions of a tenant, parked ones too',
    `2,000, at most ${count(SESSIONS_MAX)}`,
    '`--sessions-max`; of one, `tenants configure --sessions-max`',
  ],
  [
    'from the connection to the proof of the password',
    OPTIONS.loginTimeout.default,
    '`--login-timeout`',
  ],
  ['what a client may send before that is read', size(INBOX_BYTES_MAX), NOBODY],
  ['for a tenant that wakes', OPTIONS.wakeTimeout.default, '`--wake-timeout`'],
  ['idle, until its backend is given to others', OPTIONS.parkAfter.default, '`--park-after`'],
  [
    'for a backend, while all are at work',
    OPTIONS.queryWaitTimeout.default,
    '`--query-wait-timeout`',
  ],
  [
    'wrong passwords without a wait',
    `${throttle.freeFailuresOfPair} of one role from one address, ${throttle.freeFailuresOfRole} of one role, ${throttle.freeFailuresOfAddress} from one address`,
    NOBODY,
  ],
  [
    'the wait after more of them',
    `${time(throttle.firstWait)}, doubled each time up to ${time(throttle.longestWait)}; forgotten after ${time(throttle.forgetAfter)}`,
    NOBODY,
  ],
];

const HTTP: readonly Row[] = [
  [
    'body of a request, and of its answer',
    size(Number(OPTIONS.httpBytesMax.default)),
    '`--http-bytes-max`',
  ],
  ['statements in one batch', count(STATEMENTS_MAX), NOBODY],
];

const API: readonly Row[] = [
  ['connections of one address', count(ADDRESS_CONNECTIONS_MAX), NOBODY],
  ['until the head of a request has come', time(HEADERS_TIMEOUT), NOBODY],
  ['requests of one caller', rate(rates.perCaller), SETTINGS],
  ['requests from one address', rate(rates.perAddress), SETTINGS],
  ['wrong keys from one address', rate(rates.failedLogins), SETTINGS],
  ['body of a request that is neither a file nor a query', size(BODY_BYTES_MAX), NOBODY],
  ['how long an `Idempotency-Key` is remembered', time(REMEMBERED_FOR), NOBODY],
  ['streams of events at once', count(STREAMS_MAX), NOBODY],
  ['events that a stream can be resumed behind', count(KEPT_MAX), NOBODY],
  ['webhooks of one owner', count(webhooks.perOwnerMax), SETTINGS],
  ['how long deliveries can be looked at', time(webhooks.keptMs), SETTINGS],
  ['how long use is kept by the minute', time(retention.minutesMs), SETTINGS],
  ['how long use is kept by the hour', time(retention.hoursMs), SETTINGS],
  ['how long a ticket logs in', time(TICKET_LIFE), NOBODY],
  [
    'how long `restart` waits for who is at work',
    `${time(RESTART_WITHIN_DEFAULT_MS)}, at most ${time(RESTART_WITHIN_MAX_MS)}`,
    '`withinMs`',
  ],
];

const QUERY: readonly Row[] = [
  [
    'statement and parameters, as JSON',
    `${size(QUERY_BODY_BYTES_MAX)}; of all queries under way that send more than ${size(BODY_BYTES_MAX)}, ${size(LARGE_BODIES_BYTES_MAX)}`,
    NOBODY,
  ],
  ['queries under way', `${count(QUERIES_MAX)} of all callers`, NOBODY],
  ['notices told', `${count(NOTICES_MAX)}, of ${size(NOTICE_BYTES_MAX)} together`, NOBODY],
  ['rows', `${count(QUERY_ROWS_DEFAULT)}, at most ${count(QUERY_ROWS_MAX)}`, '`rowsMax`'],
  ['bytes of rows', `${size(QUERY_BYTES_DEFAULT)}, at most ${size(QUERY_BYTES_MAX)}`, '`bytesMax`'],
  [
    'time',
    `${time(QUERY_TIMEOUT_DEFAULT_MS)}, at most ${time(QUERY_TIMEOUT_MAX_MS)}`,
    '`timeoutMs`',
  ],
];

const TENANTS: readonly Row[] = [
  [
    'idle time before a suspend',
    `${time(SUSPEND_AFTER_MIN_MS)} to ${time(SUSPEND_AFTER_MAX_MS)}`,
    '`tenants configure --suspend-after`',
  ],
  [
    'idle time of a pinned session',
    `${time(MAX_PIN_IDLE_MIN_MS)} to ${time(MAX_PIN_IDLE_MAX_MS)}, or never`,
    '`tenants configure --max-pin-idle`',
  ],
  ['connections of a role', `up to ${count(ROLE_CONNECTIONS_MAX)}`, '`connectionsMax` of a role'],
  [
    'statements that are counted one by one',
    `${count(STATEMENTS_COUNTED.small)}, in tiers HOT and PERSISTENT ${count(STATEMENTS_COUNTED.large)}; of more, those asked least make room`,
    NOBODY,
  ],
  ['name of a snapshot', `${SNAPSHOT_NAME_LENGTH_MAX} characters`, NOBODY],
  [
    'databases that somebody claims later',
    `${count(claimable.unclaimedMax)} at once; each ${time(claimable.lifeMs)}, ${size(claimable.logicalBytesMax)}, ${claimable.sessionsMax} sessions; from one address ${rate(claimable.perAddress)}`,
    SETTINGS,
  ],
];

export const limitsPage = (): string => `# Limits

What is bounded, and by how much where nobody says otherwise. Beyond a limit a client is told so, by a fault of [errors.md](errors.md). This page is made from the source by
\`UPDATE=1 npx vitest run src/main/limits-page.test.ts\`.

## Clients of PostgreSQL

${table(CLIENTS)}

## SQL over HTTP

${table(HTTP)}

## The API

\`RateLimit\` of an answer says what is left of a caller's allowance; 429 says in \`Retry-After\` when there is more.

${table(API)}

One query of \`POST /v1/tenants/:ref/query\`:

${table(QUERY)}

## Tenants

${table(TENANTS)}

Quotas have a soft limit, which is told of, and a hard one, which stops: ${QUOTA_NAMES.map((name) => `\`${name}\``).join(', ')}. None is set but by a plan, by the operator, or lower by a customer: \`dynabase quota set\`.
What a tier gives a compute (memory, processors, backends) is in [operations.md](operations.md).
`;
