/** Sessions in a test's own PostgreSQL, opened as the proxy opens them. */
import type { Address } from '../domain/host.ts';
import { seconds } from '../domain/units.ts';
import { type Backend, openBackend } from '../proxy/backend.ts';
import { SystemClock } from '../system/clock.ts';
import { dialDirect } from '../system/direct-socket.ts';
import { keysOf, parseVerifier } from '../wire/verifier.ts';
import type { RealPostgres } from './real-postgres.ts';

const GIVE_UP_AFTER = seconds(20);

export class RealBackends {
  readonly address: Address;
  readonly clientKey: Uint8Array;
  readonly serverKey: Uint8Array;
  readonly #role: string;
  #opened = 0;

  private constructor(
    server: RealPostgres,
    keys: { readonly clientKey: Uint8Array; readonly serverKey: Uint8Array },
  ) {
    const { socketDir, port, user } = server.connection;
    this.address = { socketPath: `${socketDir}/.s.PGSQL.${port}` };
    this.clientKey = keys.clientKey;
    this.serverKey = keys.serverKey;
    this.#role = user;
  }

  static async of(server: RealPostgres): Promise<RealBackends> {
    const { user, password } = server.connection;
    const [row] = await server.sql<{ rolpassword: string }>(
      'select rolpassword from pg_authid where rolname = $1',
      [user],
    );
    const secret = parseVerifier(row?.rolpassword ?? '');
    if (secret === undefined) throw new Error('the role has no verifier');
    return new RealBackends(server, await keysOf(password, secret));
  }

  /** A session as the server's superuser, in database `postgres` if not told otherwise. */
  open(parameters: Readonly<Record<string, string>> = {}): Promise<Backend> {
    this.#opened++;
    return openBackend({
      dial: dialDirect,
      clock: new SystemClock(),
      address: this.address,
      parameters: new Map(Object.entries({ database: 'postgres', ...parameters })),
      role: this.#role,
      clientKey: this.clientKey,
      serverKey: this.serverKey,
      nonce: `nonce-${this.#opened}`,
      giveUpAfter: GIVE_UP_AFTER,
    });
  }
}
