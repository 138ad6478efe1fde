/** Why a tenant is awake, in plain sentences. */
import type {
  Asking,
  AwakeCause,
  AwakeEnd,
  AwakeInterval,
  AwakeSegment,
} from '../../domain/awake.ts';
import type { PinReason, SessionClient } from '../../domain/gate.ts';
import type { Timestamp } from '../../domain/units.ts';
import { type Amount, type Currency, roughly } from '../../economics/money.ts';
import { TICKET_PREFIX } from '../tickets.ts';

/** What whoever asks may be told of. */
export type Viewer = {
  readonly isOperator: boolean;
  /** Clients' names and addresses: not those that came when the tenant was somebody else's. */
  readonly seesClients: boolean;
};

const STEPS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** The largest one or two units: `2 h 5 min`. */
export function lengthWords(ms: number): string {
  const first = STEPS.findIndex(([, size]) => ms >= size);
  if (first === -1) return `${Math.max(0, Math.round(ms))} ms`;
  let left = ms;
  return STEPS.slice(first, first + 2)
    .map(([name, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return { count, text: `${count} ${name === 'day' && count !== 1 ? 'days' : name}` };
    })
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(' ');
}

/** The time of day in UTC, with the date where that is another than today's. */
export function timeWords(at: Timestamp, now: Timestamp): string {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const isToday = date === new Date(now).toISOString().slice(0, date.length);
  return `${isToday ? '' : `${date} `}${time.slice(0, 'HH:MM'.length)} UTC`;
}

/** What is less is not worth a digit in a sentence. */
const MONEY_MIN = 1e-6;

/** Two digits that count: `$0.00041`, `0.00041 EUR`. */
export function moneyWords(amount: Amount, currency: Currency): string {
  const units = roughly(amount);
  const money = (text: string): string => (currency === 'USD' ? `$${text}` : `${text} ${currency}`);
  if (units === 0) return money('0');
  if (Math.abs(units) < MONEY_MIN) return `less than ${money(MONEY_MIN.toFixed(6))}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(Math.abs(units))));
  return money(units.toFixed(digits));
}

const ASKED: Readonly<Record<NonNullable<SessionClient['statement']>, string>> = {
  read: 'read data',
  write: 'wrote data',
  ddl: 'changed the schema',
  transaction: 'began a transaction',
  copy: 'copied data',
  utility: 'gave a command',
  other: 'asked something',
};

const isTicket = (role: string): boolean => role.startsWith(TICKET_PREFIX);

/** The role of a client; null of one that a ticket stands for. */
export const roleOf = ({ role }: SessionClient): string | null => (isTicket(role) ? null : role);

/** `role app from 10.0.0.7 (web)`. */
function clientWords({ role, applicationName, from, visitor }: SessionClient): string {
  const name = applicationName === '' ? '' : ` (${applicationName})`;
  const who = visitor === 'person' ? '' : `, a ${visitor},`;
  return `${isTicket(role) ? 'a login made by the API' : `role ${role}`}${who} from ${from}${name}`;
}

/** Who asked, where whoever looks may know; `null` where not. */
export function askerSeen(
  asking: Asking | null | undefined,
  { isOperator, seesClients }: Viewer,
): Asking['by'] | null {
  if (asking == null) return null;
  return isOperator || (!asking.by.isOperator && seesClients) ? asking.by : null;
}

function askingSays(asking: Asking | null | undefined, viewer: Viewer): string {
  const by = askerSeen(asking, viewer);
  const who = by === null ? (viewer.isOperator ? 'somebody' : 'an operator') : askerWords(by);
  return `${who} asked for it through the API${asking == null ? '' : ` (${asking.operation})`}`;
}

/** `key "ci"`. */
export function askerWords({ kind, name }: Asking['by']): string {
  switch (kind) {
    case 'key':
      return `key "${name}"`;
    case 'token':
      return `the token of ${name}`;
    case 'admin-key':
      return `the ${name}`;
    default:
      return name;
  }
}

/** Completes "it woke because ...". */
export function causeSays(cause: AwakeCause, { isOperator, seesClients }: Viewer): string {
  switch (cause.kind) {
    case 'session': {
      const { statement } = cause.who;
      const asked = statement == null ? 'logged in' : ASKED[statement];
      return `${seesClients ? clientWords(cause.who) : 'a client'} ${asked}`;
    }
    case 'expected':
      return `${seesClients ? clientWords(cause.who) : 'a client'} knocked, and had been let in before`;
    case 'operator':
      return askingSays(cause.asking, { isOperator, seesClients });
    case 'prewarm':
      return `somebody is expected: ${cause.because}`;
    case 'tier':
      return 'its tier always runs';
    case 'upkeep':
      return `its data was seen to: ${cause.doing}`;
    case 'restart':
      return `it was restarted: ${cause.because}`;
    case 'found':
      return 'it ran already when the server was started';
    default:
      return cause satisfies never;
  }
}

const SET_BY = {
  tenant: 'that is set for it',
  server: 'that is set for the server',
  rules: 'of its tier',
} as const;

const PINNED: Readonly<Record<PinReason, string>> = {
  'temporary objects': 'temporary objects',
  'cursor WITH HOLD': 'a cursor WITH HOLD',
  'advisory lock': 'an advisory lock',
  'sequence value': 'a sequence value',
  'open transaction': 'an open transaction',
  COPY: 'a COPY',
  'statement too large': 'a statement that is too large to keep,',
  'prepared in a batch': 'a statement prepared in a batch,',
  'session authorization': 'a changed session authorization',
  'state unknown': 'a state that is not known',
};

/** Completes "it is kept awake by ...". */
export function keptSays(kept: AwakeSegment['kept'], { seesClients }: Viewer): string {
  switch (kept.kind) {
    case 'work':
      return kept.who === null || !seesClients
        ? 'clients at work'
        : `clients at work, such as ${clientWords(kept.who)}`;
    case 'pin': {
      const whose = kept.who === null || !seesClients ? 'a session' : clientWords(kept.who);
      return `${PINNED[kept.pin]} of ${whose}`;
    }
    case 'idle':
      return `the idle time ${SET_BY[kept.by]}: nobody asks anything`;
    case 'policy':
      return `the policy, though nobody asks anything: ${kept.because}`;
    case 'expected':
      return 'whoever was expected, and has not come yet';
    case 'floor':
      return 'its tier, which always runs';
    case 'refused':
      return `a suspend that was refused: ${kept.because}`;
    case 'upkeep':
      return 'the upkeep of its tables before it sleeps';
    case 'inside':
      return 'a request through the API';
    case 'restart':
      return `a restart: ${kept.because}`;
    case 'unwatched':
      return 'its running on while no server could tell why';
    case 'several':
      return 'several reasons, which are summed';
    default:
      return kept satisfies never;
  }
}

/** Completes "it fell asleep because ...". */
export function endSays({ kind, because, asking }: AwakeEnd, viewer: Viewer): string {
  switch (kind) {
    case 'operator':
      return asking == null ? because : askingSays(asking, viewer);
    case 'idle':
    case 'quota':
    case 'deleted':
      return because;
    case 'crash':
      return `its compute ended by itself: ${because}`;
    case 'server':
      return 'the server was stopped';
    case 'restart':
      return because;
    default:
      return kind satisfies never;
  }
}

/** From which level, how quickly, and for how many: a sentence, if that is known. */
export function wakeSays({ level, wakeMs, waited }: AwakeInterval): readonly string[] {
  if (level === null || wakeMs === null) return [];
  const whom =
    waited === 0 ? '' : `, and ${waited} ${waited === 1 ? 'session' : 'sessions'} waited`;
  return [`It woke from ${level} in ${lengthWords(wakeMs)}${whom}.`];
}
