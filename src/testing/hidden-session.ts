/** A session in a test's own PostgreSQL, spoken to as the proxy speaks behind a client's back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HiddenReplies } from '../wire/hidden-replies.ts';
import { interrogation, readInterrogation } from '../wire/interrogation.ts';
import { queryMessage } from '../wire/requests.ts';
import type { Interrogated } from '../wire/session-state.ts';
import type { RealPostgres } from './real-postgres.ts';
import { WirePeer } from './wire-peer.ts';

const BYTES_MAX = 16 * 1024 * 1024;

const whatThereIs = (bytes: Buffer): { bytes: Buffer; length: number } | undefined =>
  bytes.length === 0 ? undefined : { bytes, length: bytes.length };

export class HiddenSession implements Disposable {
  readonly peer: WirePeer;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = new WirePeer(socket);
  }

  /** As the superuser in database `postgres`, if not told otherwise. */
  static async open(
    server: RealPostgres,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<HiddenSession> {
    const { socketDir, port, user, password } = server.connection;
    const socket = connect(`${socketDir}/.s.PGSQL.${port}`);
    await once(socket, 'connect');
    const session = new HiddenSession(socket);
    const said = await session.peer.logIn({
      password,
      parameters: { user, database: 'postgres', ...parameters },
    });
    if (said.at(-1)?.type !== 'Z') throw new Error(`no login: ${said.at(-1)?.body}`);
    return session;
  }

  /** Sends `bytes` and takes in the answers, to their end or to the end of the session. */
  async hidden(bytes: Buffer, readyForQueries: number): Promise<HiddenReplies> {
    const options = { readyForQueries, onAsync: () => {}, keepNotices: false };
    const replies = new HiddenReplies({ ...options, bytesMax: BYTES_MAX });
    this.peer.send(bytes);
    while (!replies.isDone) {
      const found = await this.peer.packet(whatThereIs).catch(() => undefined);
      if (found === undefined) break;
      replies.feed(found.bytes, 0, found.length);
    }
    return replies;
  }

  /** Runs simple queries, each on its own; the first column of their rows. Throws on an error. */
  async run(...queries: readonly string[]): Promise<readonly string[]> {
    const values: string[] = [];
    for (const query of queries) {
      const { rows, errors } = await this.hidden(queryMessage(query), 1);
      const [error] = errors;
      if (error !== undefined) throw new Error(`${error.sqlstate} ${error.message}: ${query}`);
      values.push(...rows.map(([value]) => value?.toString() ?? ''));
    }
    return values;
  }

  async ask(ask: Partial<Parameters<typeof interrogation>[0]> = {}): Promise<Interrogated> {
    const bytes = interrogation({ names: [], reported: [], scanFunctions: false, ...ask });
    const { rows, errors } = await this.hidden(bytes, 1);
    const [error] = errors;
    if (error !== undefined) throw new Error(`${error.sqlstate} ${error.message}`);
    return readInterrogation(rows[0]?.[0] ?? Buffer.alloc(0));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
