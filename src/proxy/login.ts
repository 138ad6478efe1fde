/**
 * From the startup message to a proven password.
 *
 * The password is checked here, against the verifier that the catalog keeps, and nothing is woken
 * for a stranger with a wrong one. Who is looked for is told in `login-lookup.ts`.
 *
 * The proof gives us the client's ClientKey. The compute has the same verifier, so that this key
 * logs in there; it lives in memory for as long as that takes. The holder of a ticket logs in as
 * the role, and with the key, that the ticket stands for.
 *
 * Over WebSocket clients send their password with the startup message, and do not wait to be asked how
 * they would prove it; what carries them is encrypted, or does not leave the machine.
 */
import { assert } from '../domain/assert.ts';
import { fault } from '../domain/faults.ts';
import type { Door } from '../domain/gate.ts';
import type { Random } from '../domain/random.ts';
import { startupMessage, withUser } from '../wire/backend-login.ts';
import { ByteReader } from '../wire/bytes.ts';
import {
  authenticationCleartextPassword,
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  negotiateProtocolVersion,
} from '../wire/messages.ts';
import { readPasswordMessage, readSaslInitialResponse } from '../wire/sasl.ts';
import { mechanismsFor, ScramServer } from '../wire/scram-server.ts';
import {
  mustNegotiate,
  STARTUP_PACKET_BYTES_MAX,
  type StartupMessage,
  spokenVersion,
} from '../wire/startup.ts';
import type { ClientLine } from './client-line.ts';
import {
  attemptOf,
  checkWait,
  type Found,
  hintOf,
  type LoginFrom,
  LoginRefused,
  type LoginStartup,
  lookUp,
  secretFor,
} from './login-lookup.ts';
import { provePassword } from './password-login.ts';
import type { Route } from './route.ts';
import { type PoolMode, poolModeOf, readStartupOptions } from './startup-options.ts';

/** As PostgreSQL's `SCRAM_RAW_NONCE_LEN`; base64 makes 24 characters of it. */
const NONCE_BYTES = 18;

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

/** How a client proves its password: SCRAM, or by saying it. */
export type ProofBy = 'scram' | 'password';

/** A new nonce: printable, without a comma. */
export const newNonce = (random: Random): string =>
  Buffer.from(random.bytes(NONCE_BYTES)).toString('base64');

/** Throws a fault, or `LoginRefused`, or `ClientGone`. */
export async function login(
  line: ClientLine,
  startup: StartupMessage,
  from: LoginFrom & { readonly proofBy: ProofBy },
): Promise<Login> {
  refuseReplication(startup.parameters.get('replication'));
  if (mustNegotiate(startup)) {
    line.write(negotiateProtocolVersion(spokenVersion(startup.asked), startup.extensions));
  }
  const poolMode = poolOf(startup);
  const found = await lookUp(startup, from);
  const say = from.proofBy === 'password' ? byPassword : byScram;
  const clientKey = await say(line, found, from);
  return admit(startup, { found, clientKey, poolMode }, from);
}

/** Throws `BAD_OPTION`. */
export const poolOf = ({ parameters }: LoginStartup): PoolMode =>
  poolModeOf(readStartupOptions(parameters.get('options') ?? ''));

/** What a client gets that has proven `clientKey`. Throws `PROTOCOL_VIOLATION`. */
export function admit(
  startup: LoginStartup,
  proven: { readonly found: Found; readonly clientKey: Buffer; readonly poolMode: PoolMode },
  { address, parts }: LoginFrom,
): Login {
  const { found, clientKey, poolMode } = proven;
  const { meant, credential } = found;
  const { door, role } = meant;
  // Nobody proves the mock that stands in for either.
  assert(door !== undefined && credential !== undefined, 'only a real verifier is proven');
  parts.acquaintances.proven(address, door.tenant);
  const { instead } = credential;
  const backendRole = instead?.role ?? role;
  const parameters = backendParameters(startup, meant);
  refuseTooLong(parameters, backendRole);
  const key = instead === null ? clientKey : Buffer.from(instead.clientKey, 'base64');
  return { door, role, backendRole, clientKey: key, parameters, poolMode };
}

async function byScram(line: ClientLine, found: Found, from: LoginFrom): Promise<Buffer> {
  const { throttle, random } = from.parts;
  const attempt = attemptOf(found.meant, from);
  const channelBinding = line.channel?.channelBinding ?? null;
  line.write(authenticationSasl(mechanismsFor(channelBinding)));

  const first = await line.next(readPasswordMessage);
  const { mechanism, data } = readSaslInitialResponse(first.body);
  const secret = secretFor(found, from);
  const scram = new ScramServer({ secret, nonce: newNonce(random), channelBinding });
  line.write(authenticationSaslContinue(scram.challenge(mechanism, data)));

  const final = await line.next(readPasswordMessage);
  checkWait(throttle.wait(attempt));
  const proven = scram.finish(final.body);
  if (proven === undefined) {
    throttle.failed(attempt);
    throw new LoginRefused(
      fault('PASSWORD_WRONG', { role: found.meant.role }),
      hintOf(found.meant, from),
    );
  }
  throttle.succeeded(attempt);
  line.write(Buffer.concat([authenticationSaslFinal(proven.serverFinal), authenticationOk()]));
  return proven.clientKey;
}

async function byPassword(line: ClientLine, found: Found, from: LoginFrom): Promise<Buffer> {
  line.write(authenticationCleartextPassword());
  const said = await line.next(readPasswordMessage);
  const password = new ByteReader(said.body).text();
  if (password === undefined) {
    throw fault('PROTOCOL_VIOLATION', { found: 'a password ends with a zero byte' });
  }
  const clientKey = await provePassword(password, found, from);
  line.write(authenticationOk());
  return clientKey;
}

/** Tells the compute what PostgreSQL would have been told without us. */
function backendParameters(startup: LoginStartup, meant: Route): Map<string, string> {
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

/** Walsenders would hold the compute awake for ever, and their protocol is another. */
function refuseReplication(value: string | undefined): void {
  if (value === undefined || /^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i.test(value)) return;
  throw fault('FEATURE_UNSUPPORTED', { feature: 'a replication connection' });
}
