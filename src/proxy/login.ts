/**
 * From the startup message to a proven password.
 *
 * The password is checked here, against the verifier that the catalog keeps, and nothing is woken
 * for a stranger with a wrong one; for an address that has been let in before the wake may begin
 * while it proves its password (`acquaintances.ts`). A tenant that does not exist, a role that does not exist or may not log in, and
 * a wrong password take the same steps: the same look-ups, the same exchange against a verifier,
 * the same answer.
 *
 * The proof gives us the client's ClientKey. The compute has the same verifier, so that this key
 * logs in there; it lives in memory for as long as that takes. The holder of a ticket logs in as
 * the role, and with the key, that the ticket stands for.
 */
import { assert } from '../domain/assert.ts';
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault, isFault } from '../domain/faults.ts';
import type { Credential, Door, Gate } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import type { DurationMs } from '../domain/units.ts';
import { startupMessage, withUser } from '../wire/backend-login.ts';
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  negotiateProtocolVersion,
} from '../wire/messages.ts';
import { readPasswordMessage, readSaslInitialResponse } from '../wire/sasl.ts';
import { mechanismsFor, mockSecret, type Proven, ScramServer } from '../wire/scram-server.ts';
import {
  mustNegotiate,
  STARTUP_PACKET_BYTES_MAX,
  type StartupMessage,
  spokenVersion,
} from '../wire/startup.ts';
import { parseVerifier, type ScramSecret } from '../wire/verifier.ts';
import type { Acquaintances } from './acquaintances.ts';
import type { ClientLine } from './client-line.ts';
import { Pace } from './pace.ts';
import type { Pools } from './pools.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { namesOf, type Route, readClaims, route } from './route.ts';
import { type PoolMode, poolModeOf, readStartupOptions } from './startup-options.ts';
import type { LoginAttempt, LoginThrottle } from './throttle.ts';
import type { Visitors } from './visitors.ts';

/** As PostgreSQL's `SCRAM_RAW_NONCE_LEN`; base64 makes 24 characters of it. */
const NONCE_BYTES = 18;

/** Roles of this prefix are ours. Only the tickets among them may come in by this door. */
const RESERVED_ROLE_PREFIX = 'dynabase';
const TICKET_ROLE_PREFIX = 'dynabase_ticket_';

/** Looked up where there is no tenant, so that this takes as long as where there is one. */
const NO_TENANT = 'tn_000000000000' as TenantId;

export type LoginParts = {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: Random;
  readonly throttle: LoginThrottle;
  readonly acquaintances: Acquaintances;
  readonly pools: Pick<Pools, 'isInUse'>;
  readonly visitors: Visitors;
  readonly options: ProxyOptions;
};

/** A client that may come in. */
export type Login = {
  readonly door: Door;
  /** The role it proved, as people know it. */
  readonly role: string;
  /** How to log in to the compute. */
  readonly backendRole: string;
  readonly clientKey: Uint8Array;
  /** What the compute is told, without the user. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly poolMode: PoolMode;
};

/** Whom a login comes from, and what it needs. */
export type LoginFrom = { readonly address: string; readonly parts: LoginParts };

type Found = { readonly meant: Route; readonly credential: Credential | undefined };

/** A login that failed, and a hint for whoever meant well. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly because: Fault;
  readonly hint: string | undefined;

  constructor(because: Fault, hint?: string) {
    super(because.message);
    this.because = because;
    this.hint = hint;
  }
}

/** A new nonce: printable, without a comma. */
export const newNonce = (random: Random): string =>
  Buffer.from(random.bytes(NONCE_BYTES)).toString('base64');

/** Throws a fault, or `LoginRefused`, or `ClientGone`. */
export async function login(
  line: ClientLine,
  startup: StartupMessage,
  from: LoginFrom,
): Promise<Login> {
  const { parts } = from;
  if (parts.options.requireTls && line.channel === null) throw fault('TLS_REQUIRED', {});
  refuseReplication(startup.parameters.get('replication'));
  if (mustNegotiate(startup)) {
    line.write(negotiateProtocolVersion(spokenVersion(startup.asked), startup.extensions));
  }
  const poolMode = poolModeOf(readStartupOptions(startup.parameters.get('options') ?? ''));
  const { meant, credential } = await lookUp(line, startup, from);
  const proven = await prove(line, { meant, credential }, from);
  line.write(Buffer.concat([authenticationSaslFinal(proven.serverFinal), authenticationOk()]));
  // Nobody proves the mock that stands in for either.
  const { door } = meant;
  assert(door !== undefined && credential !== undefined, 'only a real verifier is proven');
  parts.acquaintances.proven(from.address, door.tenant);
  const { instead } = credential;
  const backendRole = instead?.role ?? meant.role;
  const parameters = backendParameters(startup, meant);
  refuseTooLong(parameters, backendRole);
  return {
    door,
    role: meant.role,
    backendRole,
    clientKey: instead === null ? proven.clientKey : Buffer.from(instead.clientKey, 'base64'),
    parameters,
    poolMode,
  };
}

/** Begins the wake of whom an acquaintance means, while its password is checked. */
function hope({ door, role }: Route, startup: StartupMessage, from: LoginFrom): void {
  const { acquaintances, gate, pools, visitors } = from.parts;
  if (door === undefined || pools.isInUse(door.tenant)) return;
  const applicationName = startup.parameters.get('application_name') ?? '';
  const who = { role, applicationName, from: from.address };
  const { class: visitor, wakes } = visitors.foresee({ tenant: door.tenant, ...who });
  if (!wakes || !acquaintances.mayHope(from.address, door.tenant)) return;
  gate.expect(door.tenant, { kind: 'session', ...who, visitor });
}

/** Finds out whom the client means. Takes as long whatever is found; see `pace.ts`. */
async function lookUp(line: ClientLine, startup: StartupMessage, from: LoginFrom): Promise<Found> {
  const { gate, throttle, clock, options } = from.parts;
  const pace = new Pace(clock, options.loginPace);
  try {
    const meant = await findRoute(line, startup, from);
    const attempt = attemptOf(meant, from);
    checkWait(throttle.wait(attempt));
    hope(meant, startup, from);
    const credential = await gate.credential(meant.door?.tenant ?? NO_TENANT, meant.role);
    await pace.over();
    return { meant, credential };
  } finally {
    pace.cancel();
  }
}

async function findRoute(
  line: ClientLine,
  startup: StartupMessage,
  from: LoginFrom,
): Promise<Route> {
  const { gate, throttle, options } = from.parts;
  const claims = readClaims({
    serverName: line.channel?.serverName ?? null,
    hostNames: options.hostNames,
    parameters: startup.parameters,
  });
  const doors = new Map<string, Door>();
  await Promise.all(
    namesOf(claims).map(async (name) => {
      const door = await gate.door(name);
      if (door !== undefined) doors.set(name, door);
    }),
  );
  try {
    return route(claims, doors);
  } catch (error) {
    if (!isFault(error, 'TENANT_AMBIGUOUS')) throw error;
    // The contradiction may show what exists, so that hearing of it has a price.
    checkWait(throttle.waitOfAddress(from.address));
    throttle.failedOfAddress(from.address);
    throw error;
  }
}

async function prove(line: ClientLine, found: Found, from: LoginFrom): Promise<Proven> {
  const { throttle, random, options } = from.parts;
  const attempt = attemptOf(found.meant, from);
  const channelBinding = line.channel?.channelBinding ?? null;
  line.write(authenticationSasl(mechanismsFor(channelBinding)));

  const first = await line.next(readPasswordMessage);
  const { mechanism, data } = readSaslInitialResponse(first.body);
  const secret = secretFor(found, mockSecret(options.mockKey, attempt.role));
  const scram = new ScramServer({ secret, nonce: newNonce(random), channelBinding });
  line.write(authenticationSaslContinue(scram.challenge(mechanism, data)));

  const final = await line.next(readPasswordMessage);
  checkWait(throttle.wait(attempt));
  const proven = scram.finish(final.body);
  if (proven === undefined) {
    throttle.failed(attempt);
    throw new LoginRefused(
      fault('PASSWORD_WRONG', { role: found.meant.role }),
      hintOf(found.meant),
    );
  }
  throttle.succeeded(attempt);
  return proven;
}

const attemptOf = (meant: Route, from: LoginFrom): LoginAttempt => ({
  address: from.address,
  role: `${meant.tenant}/${meant.role}`,
});

/** What the proof is checked against: `mock` for those who may not come in, whatever they prove. */
function secretFor({ meant, credential }: Found, mock: ScramSecret): ScramSecret {
  const isOurs =
    meant.role.startsWith(RESERVED_ROLE_PREFIX) && !meant.role.startsWith(TICKET_ROLE_PREFIX);
  if (meant.door === undefined || credential === undefined || isOurs) return mock;
  return parseVerifier(credential.verifier) ?? mock;
}

/** The same for each way to fail: it repeats what the client said. */
const hintOf = (meant: Route): string =>
  `The tenant was taken to be "${meant.tenant}", from ${meant.by}.`;

/** Tells the compute what PostgreSQL would have been told without us. */
function backendParameters(startup: StartupMessage, meant: Route): Map<string, string> {
  const parameters = new Map(startup.parameters);
  parameters.delete('user');
  parameters.set('database', meant.database);
  if (meant.options === '') parameters.delete('options');
  else parameters.set('options', meant.options);
  return parameters;
}

/**
 * The packet that PostgreSQL gets may be longer than the client's, by the name of the database or
 * by what stands for bytes that are no UTF-8. PostgreSQL hangs up on one that is too long, without a
 * word, which would look as if it did not answer.
 */
function refuseTooLong(parameters: ReadonlyMap<string, string>, role: string): void {
  const packet = startupMessage(withUser(parameters, role));
  if (packet.length <= STARTUP_PACKET_BYTES_MAX) return;
  throw fault('PROTOCOL_VIOLATION', {
    found: `the startup parameters take more than ${STARTUP_PACKET_BYTES_MAX} bytes`,
  });
}

function checkWait(wait: DurationMs): void {
  if (wait > 0) throw fault('LOGINS_THROTTLED', { wait });
}

/** Walsenders would hold the compute awake for ever, and their protocol is another. */
function refuseReplication(value: string | undefined): void {
  if (value === undefined || /^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i.test(value)) return;
  throw fault('FEATURE_UNSUPPORTED', { feature: 'a replication connection' });
}
