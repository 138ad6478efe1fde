/**
 * Whom a login means, and what its proof is checked against.
 *
 * A tenant that does not exist, a role that does not exist or may not log in, and a wrong password
 * take the same steps: the same look-ups, a check against a verifier, the same answer. For an address
 * that has been let in before the wake may begin while it proves its password (`acquaintances.ts`).
 *
 * Who comes from an address that the tenant does not allow is checked against nothing that could be proven, so that a
 * password cannot be tried from there, and is answered as where there is no such tenant. Only an address that has proven
 * a password of the tenant before is told the reason. A ticket was made for somebody who had a key of the API.
 */
import { admits } from '../domain/address-list.ts';
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault, isFault } from '../domain/faults.ts';
import type { Credential, Door, Gate } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import type { DurationMs } from '../domain/units.ts';
import { mockSecret } from '../wire/scram-server.ts';
import type { StartupMessage } from '../wire/startup.ts';
import { parseVerifier, type ScramSecret } from '../wire/verifier.ts';
import type { Acquaintances } from './acquaintances.ts';
import { Pace } from './pace.ts';
import type { PasswordProofs } from './password-proofs.ts';
import type { Pools } from './pools.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { namesOf, type Route, readClaims, route } from './route.ts';
import type { LoginAttempt, LoginThrottle } from './throttle.ts';
import type { Visitors } from './visitors.ts';

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
  readonly proofs: PasswordProofs;
  readonly options: ProxyOptions;
};

/** Whom a login comes from, and what it needs. */
export type LoginFrom = {
  readonly address: string;
  /** As its socket reported it. */
  readonly clientAddress: string;
  /** The server that the client asked for, where it said so outside of the startup message. */
  readonly serverName: string | null;
  readonly parts: LoginParts;
};

export type LoginStartup = Pick<StartupMessage, 'parameters'>;

export type Found = {
  readonly meant: Route;
  readonly credential: Credential | undefined;
  /** The tenant does not allow the client's address. */
  readonly isForeign: boolean;
};

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

/** Begins the wake of whom an acquaintance means, while its password is checked. */
function hope({ door, role }: Route, startup: LoginStartup, from: LoginFrom): void {
  const { acquaintances, gate, pools, visitors } = from.parts;
  if (door === undefined || pools.isInUse(door.tenant)) return;
  const applicationName = startup.parameters.get('application_name') ?? '';
  const who = { role, applicationName, from: from.address };
  const { class: visitor, wakes } = visitors.foresee({ tenant: door.tenant, ...who });
  if (!wakes || !acquaintances.mayHope(from.address, door.tenant)) return;
  gate.expect(door.tenant, { kind: 'session', ...who, visitor });
}

/** Finds out whom the client means. Takes as long whatever is found; see `pace.ts`. */
export async function lookUp(startup: LoginStartup, from: LoginFrom): Promise<Found> {
  const { gate, throttle, clock, options } = from.parts;
  const pace = new Pace(clock, options.loginPace);
  try {
    const meant = await findRoute(startup, from);
    const attempt = attemptOf(meant, from);
    checkWait(throttle.wait(attempt));
    const isForeign = isFromElsewhere(meant, from);
    if (!isForeign) hope(meant, startup, from);
    const credential = await gate.credential(meant.door?.tenant ?? NO_TENANT, meant.role);
    await pace.over();
    if (isForeign) refuseKnown(meant, from);
    return { meant, credential, isForeign };
  } finally {
    pace.cancel();
  }
}

async function findRoute(startup: LoginStartup, from: LoginFrom): Promise<Route> {
  const { gate, throttle, options } = from.parts;
  const claims = readClaims({
    serverName: from.serverName,
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

const isFromElsewhere = ({ door, role }: Route, { clientAddress }: LoginFrom): boolean =>
  !role.startsWith(TICKET_ROLE_PREFIX) && !admits(door?.allowedAddresses ?? [], clientAddress);

/** Throws `ADDRESS_NOT_ALLOWED` to who has been let in from this address before. */
function refuseKnown({ door }: Route, { address, parts }: LoginFrom): void {
  if (door === undefined || !parts.acquaintances.isAcquainted(address, door.tenant)) return;
  throw fault('ADDRESS_NOT_ALLOWED', { tenant: door.name });
}

export const attemptOf = (meant: Route, from: LoginFrom): LoginAttempt => ({
  address: from.address,
  role: `${meant.tenant}/${meant.role}`,
});

/** What the proof is checked against: a mock for those who may not come in, whatever they prove. */
export function secretFor({ meant, credential, isForeign }: Found, from: LoginFrom): ScramSecret {
  const mock = mockSecret(from.parts.options.mockKey, attemptOf(meant, from).role);
  const isOurs =
    meant.role.startsWith(RESERVED_ROLE_PREFIX) && !meant.role.startsWith(TICKET_ROLE_PREFIX);
  if (meant.door === undefined || credential === undefined || isOurs || isForeign) return mock;
  return parseVerifier(credential.verifier) ?? mock;
}

/** The same for each way to fail: it repeats what the client said. */
export const hintOf = (meant: Route, { clientAddress }: LoginFrom): string =>
  `The tenant was taken to be "${meant.tenant}", from ${meant.by}. If there is one and the password is right, it may not allow your address ${clientAddress}.`;

export function checkWait(wait: DurationMs): void {
  if (wait > 0) throw fault('LOGINS_THROTTLED', { wait });
}
