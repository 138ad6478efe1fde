import type { FastifyInstance, InjectOptions } from 'fastify';
import { buildApp } from '../api/app.ts';
import type { Desks } from '../control/desks.ts';
import type { AskedScope } from '../domain/awake.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type MemoryStores, memoryStores } from './memory-access.ts';
import { memoryApiParts } from './memory-api.ts';
import { MemoryControl } from './memory-control.ts';
import type { MemoryLogins } from './memory-desks.ts';
import { MemoryLog } from './memory-log.ts';

export const KEY = 'the-admin-key';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The API over a control in memory, asked without a socket. */
export class InjectedApi {
  readonly clock: VirtualClock;
  readonly control: MemoryControl;
  readonly desks: Desks;
  /** Of who may call; not looked at if a test brings its own. */
  readonly stores: MemoryStores;
  readonly log: MemoryLog;
  /** On whose request something is done. */
  readonly asked: AskedScope;
  readonly stopping: AbortController;
  readonly app: FastifyInstance;

  private constructor(
    parts: Pick<
      InjectedApi,
      'clock' | 'control' | 'desks' | 'stores' | 'log' | 'asked' | 'stopping' | 'app'
    >,
  ) {
    this.clock = parts.clock;
    this.control = parts.control;
    this.desks = parts.desks;
    this.stores = parts.stores;
    this.log = parts.log;
    this.asked = parts.asked;
    this.stopping = parts.stopping;
    this.app = parts.app;
  }

  static async open({
    isSecure = false,
    key = KEY,
    ...logins
  }: MemoryLogins & {
    readonly isSecure?: boolean;
    readonly key?: string;
  } = {}): Promise<InjectedApi> {
    const clock = new VirtualClock();
    const control = new MemoryControl(clock);
    const log = new MemoryLog();
    const stopping = new AbortController();
    const callers = {
      listenHost: '127.0.0.1',
      names: ['db.example'],
      publicOrigin: 'https://db.example',
    };
    const { stores = memoryStores({ clock, tenants: () => control.tenants() }) } = logins;
    const given = { ...logins, stores };
    const parts = await memoryApiParts({
      ...{ clock, control, log, key, isSecure },
      logins: given,
    });
    const app = await buildApp({ ...parts, callers }, stopping.signal);
    const { desks, asked } = parts;
    return new InjectedApi({ clock, control, desks, stores, log, asked, stopping, app });
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
