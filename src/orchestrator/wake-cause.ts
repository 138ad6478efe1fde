/** Who or what wakes a tenant, from what is asked, and in words. */
import type { Asking, AwakeCause, KeptAwake } from '../domain/awake.ts';
import type { SessionClient, TicketReader, WakeCause } from '../domain/gate.ts';
import type { DurationMs } from '../domain/units.ts';

export function causeOf(cause: WakeCause, tickets: TicketReader): AwakeCause {
  if (cause.kind === 'operator') return { kind: 'operator', asking: null };
  const { kind, ...who } = cause;
  const asking = tickets.askedBy(who.role);
  return asking === null ? { kind, who } : { kind: 'operator', asking };
}

/** Of somebody who has not proven a password yet. */
export function expectedOf(cause: WakeCause, tickets: TicketReader): AwakeCause {
  const found = causeOf(cause, tickets);
  return found.kind === 'session' ? { kind: 'expected', who: found.who } : found;
}

type IdleTime = {
  /** As the tenant has it. */
  readonly suspendAfter: DurationMs | null;
  /** That, or what the server has. */
  readonly set: DurationMs | null;
  /** That, or what the policy wants now. */
  readonly idle: DurationMs | null;
  readonly because: string;
};

/** Why a compute stays awake for a while that nobody uses. */
export function keptIdle({ suspendAfter, set, idle, because }: IdleTime): KeptAwake {
  if (suspendAfter !== null) return IDLE.tenant;
  if (set !== null) return IDLE.server;
  return idle === null ? IDLE.rules : { kind: 'policy', because };
}

const IDLE = {
  tenant: { kind: 'idle', by: 'tenant' },
  server: { kind: 'idle', by: 'server' },
  rules: { kind: 'idle', by: 'rules' },
} as const satisfies Record<string, KeptAwake>;

/** The cause of a wake as the log and the ladder tell it. */
export function causeWords(cause: AwakeCause): string {
  switch (cause.kind) {
    case 'session':
      return clientWords(cause.who);
    case 'expected':
      return `expected: ${clientWords(cause.who)}`;
    case 'operator':
      return cause.asking === null ? 'an operator asked' : askingWords(cause.asking);
    case 'prewarm':
      return `ahead of its people: ${cause.because}`;
    case 'tier':
      return 'its tier is always awake';
    case 'upkeep':
      return cause.doing;
    case 'restart':
      return cause.because;
    case 'found':
      return 'it was found running';
    default:
      return cause satisfies never;
  }
}

const askingWords = ({ by: { kind, name }, operation }: Asking): string =>
  `${kind === 'key' ? `key "${name}"` : name} asked (${operation})`;

function clientWords({ role, from, applicationName, visitor }: SessionClient): string {
  const name = applicationName === '' ? '' : ` (${applicationName})`;
  const who = visitor === 'person' ? 'a session' : `a ${visitor}`;
  return `${who} of ${role} from ${from}${name}`;
}
