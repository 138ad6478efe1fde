import type { FastifyInstance, InjectOptions } from 'fastify';
import { AdminKey } from '../api/access.ts';
import { buildApp } from '../api/app.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryControl } from './memory-control.ts';
import { MemoryLog } from './memory-log.ts';

export const KEY = 'the-admin-key';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The API over a control in memory, asked without a socket. */
export class InjectedApi {
  readonly clock: VirtualClock;
  readonly control: MemoryControl;
  readonly log: MemoryLog;
  readonly stopping: AbortController;
  readonly app: FastifyInstance;

  private constructor(parts: Pick<InjectedApi, 'clock' | 'control' | 'log' | 'stopping' | 'app'>) {
    this.clock = parts.clock;
    this.control = parts.control;
    this.log = parts.log;
    this.stopping = parts.stopping;
    this.app = parts.app;
  }

  static async open(): Promise<InjectedApi> {
    const clock = new VirtualClock();
    const control = new MemoryControl(clock);
    const log = new MemoryLog();
    const stopping = new AbortController();
    const callers = { listenHost: '127.0.0.1', names: ['db.example'] };
    const random = new SeededRandom(7);
    const authority = new AdminKey(KEY);
    const parts = { clock, random, log, control, authority, callers, version: '1.2.3' };
    const app = await buildApp(parts, stopping.signal);
    return new InjectedApi({ clock, control, log, stopping, app });
  }

  /** Sends a request with the key. */
  async ask(method: Method, url: string, more?: InjectOptions) {
    const headers = { authorization: `Bearer ${KEY}`, ...more?.headers };
    const response = await this.app.inject({ method, url, ...more, headers });
    const body = response.body === '' ? null : response.json();
    return { status: response.statusCode, headers: response.headers, body };
  }

  create(name: string) {
    return this.ask('POST', '/v1/tenants', { payload: { name } });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
