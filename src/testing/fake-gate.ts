import { fault } from '../domain/faults.ts';
import type { Credential, Door, Gate, TenantUse, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { ProxyId, TenantId, TenantName } from '../domain/ids.ts';
import type { Verifier } from '../domain/verifier.ts';

/** A control plane of a few tenants, all with one compute. It writes down what it is asked. */
export class FakeGate implements Gate {
  readonly #doors = new Map<string, Door>();
  readonly #credentials = new Map<string, Credential>();
  /** What the proxy asked for, in order. */
  readonly asked: string[] = [];
  readonly wakes: WakeRequest[] = [];
  /** The last report of each tenant, where somebody still uses it. */
  readonly uses = new Map<TenantId, TenantUse>();
  /** Whether the compute sleeps: until the next wake. */
  isAsleep = false;
  /** What every look-up waits for. */
  lookUp: () => Promise<void> = () => Promise.resolve();
  /** How a wake ends; by default with the address given to the constructor. */
  onWake: (request: WakeRequest) => Promise<Address>;

  constructor(socketPath: string) {
    this.onWake = () => Promise.resolve({ socketPath });
  }

  addTenant(name: string, sessionsMax = 100, backendsMax = 100): TenantId {
    const tenant = `tn_${name.padEnd(12, '0').slice(0, 12)}` as TenantId;
    const door = { tenant, name: name as TenantName, sessionsMax };
    this.#doors.set(name, { ...door, backendsMax, maxPinIdle: null });
    return tenant;
  }

  addRole(
    tenant: TenantId,
    role: string,
    login: { readonly verifier: Verifier; readonly instead?: Credential['instead'] },
  ): void {
    const { verifier, instead = null } = login;
    this.#credentials.set(`${tenant} ${role}`, { verifier, instead });
  }

  async door(name: TenantName): Promise<Door | undefined> {
    this.asked.push('door');
    await this.lookUp();
    return this.#doors.get(name);
  }

  async credential(tenant: TenantId, role: string): Promise<Credential | undefined> {
    this.asked.push('credential');
    await this.lookUp();
    return this.#credentials.get(`${tenant} ${role}`);
  }

  wake(request: WakeRequest): Promise<Address> {
    if (request.onlyIfAwake === true) {
      this.asked.push('look');
      const asleep = fault('TENANT_ASLEEP', { tenant: request.tenant, why: 'so it stays' });
      return this.isAsleep ? Promise.reject(asleep) : this.onWake(request);
    }
    this.isAsleep = false;
    this.asked.push('wake');
    this.wakes.push(request);
    return this.onWake(request);
  }

  expect(_tenant: TenantId): void {
    this.asked.push('expect');
  }

  use(tenant: TenantId, _proxy: ProxyId, use: TenantUse): void {
    if (use.sessions > 0) this.uses.set(tenant, use);
    else this.uses.delete(tenant);
  }

  unanswered(_tenant: TenantId): void {
    this.asked.push('unanswered');
  }

  rolesChanged(_tenant: TenantId): void {
    this.asked.push('rolesChanged');
  }
}
