/** PostgreSQL processes on this machine, behind the `Host` port: one compute a tenant. */
import { existsSync, statfsSync } from 'node:fs';
import type { Snapshot, SnapshotRef } from '../domain/archive.ts';
import type { TicketRights } from '../domain/gate.ts';
import type {
  Address,
  ArchiveRequest,
  DiskRoom,
  Host,
  Husks,
  Observed,
  Owner,
  Started,
  StartOptions,
} from '../domain/host.ts';
import { isTenantId, type TenantId } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type { Limits } from '../domain/tier.ts';
import type { RoleRecord } from '../domain/verifier.ts';
import { asSuperuser, OPERATOR, READER, readRoles, SUPERUSER } from './admin.ts';
import { Archiving, type ArchivingParts } from './archiving/archiving.ts';
import { featuresOf } from './engine-version.ts';
import { type ComputeFiles, hydratingFiles, tenantFiles } from './layout.ts';
import type { Levels } from './levels/levels.ts';
import { discard, onDisk } from './machine/durable.ts';
import { settingsOf } from './settings.ts';
import { settleCompute } from './settling.ts';
import { endStrays } from './strays.ts';
import { upkeep } from './upkeep.ts';

export type HostParts = ArchivingParts & { readonly levels: Levels };

export class EmbeddedHost implements Host {
  readonly #parts: HostParts;
  readonly #archiving: Archiving;
  #onLost: (tenant: TenantId, reason: string) => void = () => {};

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#archiving = new Archiving(parts);
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

  async start(tenant: TenantId, options: StartOptions): Promise<Started> {
    const { computes, ground, levels } = this.#parts;
    const { size, ...bounds } = options;
    const settings = settingsOf({
      features: featuresOf(ground.engine.version),
      size,
      clusterName: tenant,
      onLinux: process.platform === 'linux',
      countsStatements: ground.engine.countsStatements,
    });
    const files = this.#files(tenant);
    const failed = new AbortController();
    if (!computes.running(files.root)) void levels.readAhead(files, failed.signal);
    try {
      const { address, pid } = await computes.start({ ...bounds, files, settings });
      return { address, from: levels.servedFrom(pid, files) };
    } catch (error) {
      failed.abort();
      throw error;
    }
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

  ticketKey(
    tenant: TenantId,
    rights: TicketRights,
  ): { readonly role: string; readonly clientKey: string } {
    const role = rights === 'reader' ? READER : OPERATOR;
    return { role, clientKey: this.#parts.secrets.clientKey(tenant, role) };
  }

  roles(tenant: TenantId): Promise<readonly RoleRecord[]> {
    const password = this.#parts.secrets.password(tenant, SUPERUSER);
    return asSuperuser({ address: this.#addressOf(tenant), password }, readRoles);
  }

  autovacuum(tenant: TenantId, on: boolean): Promise<void> {
    return this.#parts.computes.change(this.#files(tenant), { autovacuum: on });
  }

  async upkeep(tenant: TenantId, signal: AbortSignal): Promise<void> {
    const { ground, secrets } = this.#parts;
    const files = this.#files(tenant);
    const address = this.#addressOf(tenant);
    const password = secrets.password(tenant, SUPERUSER);
    await upkeep({ files, address, password, clock: ground.clock, signal });
  }

  measure(tenant: TenantId): Promise<LevelReading> {
    return this.#parts.levels.measure(tenant);
  }

  shedL1(tenant: TenantId, keep: number): Promise<number> {
    return this.#parts.levels.shedL1(tenant, keep);
  }

  shedL2(tenant: TenantId, keep: number): Promise<number> {
    return this.#parts.levels.shedL2(tenant, keep);
  }

  limit(tenant: TenantId, limits: Limits): Promise<void> {
    return this.#parts.computes.limit(this.#files(tenant), limits);
  }

  remember(tenant: TenantId): Promise<LevelReading> {
    return this.#parts.levels.remember(tenant);
  }

  prewarm(tenant: TenantId, bytesMax: number, signal: AbortSignal): Promise<number> {
    return this.#parts.levels.prewarm(tenant, bytesMax, signal);
  }

  archive(tenant: TenantId, request: ArchiveRequest): Promise<Snapshot> {
    return this.#archiving.archive(tenant, request);
  }

  hydrate(tenant: TenantId, ref: SnapshotRef, signal: AbortSignal): Promise<number> {
    return this.#archiving.hydrate(tenant, ref, signal);
  }

  keepHusks(count: number): void {
    this.#parts.husks.keep(count);
  }

  husks(): Husks {
    const { readyCount: ready, target: kept } = this.#parts.husks;
    return { ready, kept };
  }

  diskRoom(): DiskRoom {
    const { bavail, blocks, bsize } = statfsSync(this.#parts.layout.tenants);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  /** Removes what a crash has left half done. To be called before anything else. */
  sweep(): Promise<void> {
    return this.#archiving.sweep();
  }

  /** Gives up what would take long. Computes are left as they are. */
  close(): void {
    this.#archiving.close();
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
      await discard(hydratingFiles(layout, tenant).root, layout.trash);
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
