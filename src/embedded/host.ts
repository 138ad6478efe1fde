/** PostgreSQL processes on this machine, behind the `Host` port: one compute a tenant. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Clock } from '../domain/clock.ts';
import type { Address, Host, Observed, Owner, StartOptions } from '../domain/host.ts';
import { isTenantId, type TenantId } from '../domain/ids.ts';
import type { RoleRecord } from '../domain/verifier.ts';
import {
  asSuperuser,
  isWrongPassword,
  OPERATOR,
  readRoles,
  type Settlement,
  SUPERUSER,
  settle,
} from './admin.ts';
import type { Computes } from './computes.ts';
import { discard, isErrno, onDisk } from './durable.ts';
import { featuresOf } from './engine-version.ts';
import type { HuskPool } from './husks.ts';
import { type ComputeFiles, type Layout, tenantFiles } from './layout.ts';
import type { Engine } from './resolver.ts';
import type { Secrets } from './secrets.ts';
import { settingsOf } from './settings.ts';
import { endStrays } from './strays.ts';
import { upkeep } from './upkeep.ts';

export type HostParts = {
  readonly engine: Engine;
  readonly layout: Layout;
  readonly computes: Computes;
  readonly husks: HuskPool;
  readonly secrets: Secrets;
  readonly clock: Clock;
};

export class EmbeddedHost implements Host {
  readonly #parts: HostParts;
  #onLost: (tenant: TenantId, reason: string) => void = () => {};

  constructor(parts: HostParts) {
    this.#parts = parts;
    parts.computes.onLost((root, reason) => {
      const name = root.split('/').at(-1) ?? '';
      if (isTenantId(name)) this.#onLost(name, reason);
    });
  }

  create(tenant: TenantId): Promise<void> {
    const { computes, husks } = this.#parts;
    const { root } = this.#files(tenant);
    return computes.exclusively(root, async () => {
      if (existsSync(root)) return;
      await onDisk('a new database needs about 32 MB', () => husks.claim(root));
    });
  }

  async start(tenant: TenantId, { size, giveUpAfter }: StartOptions): Promise<Address> {
    const { computes, engine } = this.#parts;
    const settings = settingsOf({
      features: featuresOf(engine.version),
      size,
      clusterName: tenant,
      onLinux: process.platform === 'linux',
    });
    const files = this.#files(tenant);
    return (await computes.start({ files, settings, giveUpAfter })).address;
  }

  async settle(tenant: TenantId, owner: Owner): Promise<void> {
    const { secrets } = this.#parts;
    await settleCompute(this.#parts, {
      files: this.#files(tenant),
      address: this.#addressOf(tenant),
      name: tenant,
      settlement: {
        owner,
        superuser: secrets.verifier(tenant, SUPERUSER),
        operator: secrets.verifier(tenant, OPERATOR),
      },
    });
  }

  operatorKey(tenant: TenantId): { readonly role: string; readonly clientKey: string } {
    return { role: OPERATOR, clientKey: this.#parts.secrets.clientKey(tenant, OPERATOR) };
  }

  roles(tenant: TenantId): Promise<readonly RoleRecord[]> {
    const password = this.#parts.secrets.password(tenant, SUPERUSER);
    return asSuperuser({ address: this.#addressOf(tenant), password }, readRoles);
  }

  autovacuum(tenant: TenantId, on: boolean): Promise<void> {
    return this.#parts.computes.change(this.#files(tenant), { autovacuum: on });
  }

  async upkeep(tenant: TenantId, signal: AbortSignal): Promise<void> {
    const { clock, secrets } = this.#parts;
    const files = this.#files(tenant);
    const address = this.#addressOf(tenant);
    const password = secrets.password(tenant, SUPERUSER);
    await upkeep({ files, address, password, clock, signal });
  }

  stop(tenant: TenantId): Promise<void> {
    return this.#parts.computes.stop(this.#files(tenant));
  }

  remove(tenant: TenantId): Promise<void> {
    const { computes, layout } = this.#parts;
    const files = this.#files(tenant);
    return computes.exclusively(files.root, async () => {
      // The caller has stopped it; what a crash may have left running must not outlive its data.
      await computes.stopNow(files);
      await endStrays(files.data);
      await discard(files.root, layout.trash);
    });
  }

  async observe(tenant: TenantId): Promise<Observed> {
    const files = this.#files(tenant);
    if (!existsSync(files.root)) return { kind: 'absent' };
    const compute = await this.#parts.computes.find(files);
    return compute ? { kind: 'running', address: compute.address } : { kind: 'stopped' };
  }

  onLost(listener: (tenant: TenantId, reason: string) => void): void {
    this.#onLost = listener;
  }

  #files(tenant: TenantId): ComputeFiles {
    return tenantFiles(this.#parts.layout, tenant);
  }

  #addressOf(tenant: TenantId): Address {
    const compute = this.#parts.computes.running(this.#files(tenant).root);
    if (!compute) throw new Error('the compute does not run');
    return compute.address;
  }
}

export type SettleRequest = {
  readonly files: ComputeFiles;
  readonly address: Address;
  /** By which the compute's secrets are derived. */
  readonly name: string;
  readonly settlement: Settlement;
};

/**
 * Settles a compute. Its superuser still has the template's password the first time; the file that
 * holds that one is removed once it opens nothing.
 */
export async function settleCompute(
  { secrets }: Pick<HostParts, 'secrets'>,
  request: SettleRequest,
): Promise<void> {
  const { address, files, name, settlement } = request;
  const own = { address, password: secrets.password(name, SUPERUSER) };
  const first = await firstPassword(files);
  if (first === undefined) return asSuperuser(own, (client) => settle(client, settlement));
  try {
    await asSuperuser({ address, password: first }, (client) => settle(client, settlement));
  } catch (error) {
    // Settled before, and the crash came between that and the removal of the file.
    if (!isWrongPassword(error)) throw error;
    await asSuperuser(own, (client) => settle(client, settlement));
  }
  await rm(files.firstSecret, { force: true });
}

async function firstPassword(files: ComputeFiles): Promise<string | undefined> {
  try {
    return await readFile(files.firstSecret, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
