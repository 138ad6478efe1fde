/** The embedded engine, opened: PostgreSQL found, template made, husks on their way, host ready. */
import { basename } from 'node:path';
import type { Archive } from '../domain/archive.ts';
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Host } from '../domain/host.ts';
import type { Interior } from '../domain/interior.ts';
import type { Log } from '../domain/log.ts';
import type { PageReads, Samples } from '../domain/metering.ts';
import type { Gauges } from '../domain/quota.ts';
import type { Random } from '../domain/random.ts';
import { type Cages, openCages } from './cages/cages.ts';
import type { ControlFiles } from './cages/cgroup-files.ts';
import { EmbeddedGauges } from './cages/gauges.ts';
import { EmbeddedSamples } from './cages/samples.ts';
import { STOP_PATIENCE, type StopPatience } from './compute.ts';
import { Computes } from './computes.ts';
import type { FileOwner } from './copy-tree.ts';
import { mustWorkIn, reachableEngine } from './engine-home.ts';
import { versionText } from './engine-version.ts';
import { EmbeddedHost, type HostParts } from './host.ts';
import { openHusks } from './husks.ts';
import { EmbeddedInterior } from './interior/interior.ts';
import { type Layout, layoutOf } from './layout.ts';
import { Levels } from './levels/levels.ts';
import type { PageCache } from './levels/page-cache.ts';
import { EmbeddedPageReads } from './levels/page-reads.ts';
import { ensureDir, onDisk, sweep } from './machine/durable.ts';
import { openLauncher } from './machine/launcher.ts';
import type { OsCalls } from './machine/os.ts';
import { type UidRange, Uids } from './machine/uids.ts';
import { idsInUse, isRoot, mayCapOthers, templateBuilder } from './machine/users.ts';
import { resolveEngine } from './resolver.ts';
import { openSecrets } from './secrets.ts';
import type { Ground } from './start.ts';
import { type SystemConnection, SystemTenant } from './system-tenant.ts';
import { openTemplate, sweepTemplates } from './template.ts';

export type EmbeddedOptions = {
  readonly dataDir: string;
  /** Where `postgres` and `initdb` are; null takes the npm package's. */
  readonly binDir: string | null;
  /** How many husks to keep ready. */
  readonly husks: number;
  /** For tenants, when this process runs as root. */
  readonly uidRange: UidRange;
  /** Elsewhere than in the data directory, so that several can share one. */
  readonly templatesDir?: string;
  readonly patience?: StopPatience;
  readonly logBytesMax?: number;
  /** Other control groups than the system's, or none. */
  readonly controlFiles?: ControlFiles;
  readonly os: OsCalls;
  readonly pageCache: PageCache;
  /** Opens the archive of the tenants; it knows the template, and stores what differs from it. */
  readonly archive: (template: TemplatePlace) => Promise<Archive>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  /** Told what is being done, in a few words. */
  readonly progress: (step: string) => void;
};

export type TemplatePlace = {
  /** A data directory that never changes. */
  readonly dir: string;
  /** Such as `18.4-2`. */
  readonly name: string;
};

export type EmbeddedEngine = {
  readonly host: Host;
  readonly interior: Interior;
  readonly gauges: Gauges;
  readonly samples: Samples;
  readonly reads: PageReads;
  readonly archive: Archive;
  /** The engine's version, such as `18.4`. */
  readonly version: string;
  /** How tenants are kept apart. */
  readonly isolation: string;
  /** What an operator should know, one sentence each. */
  readonly warnings: readonly string[];
  /** Starts the compute of the catalog, or adopts it. */
  startSystem(): Promise<SystemConnection>;
  /** Stops the compute of the catalog and lets go of all others, which go on running. */
  close(): Promise<void>;
};

const LOG_BYTES_MAX = 4 * 1024 * 1024;

/** Throws `ENGINE_MISSING`, `DISK_FULL`, `NO_UIDS`. */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const { log, progress, os, clock, controlFiles } = options;
  const layout = layoutOf(options.dataDir);
  await onDisk('the data directory', () => makeDirs(layout));
  const restrained = os.forbidNewPrivileges();
  progress('finding PostgreSQL');
  const engine = await reachableEngine(await resolveEngine(options.binDir), layout, log);
  await mustWorkIn(engine, layout.dataDir);
  for (const warning of engine.warnings) log.warn(warning);
  const logBytesMax = options.logBytesMax ?? LOG_BYTES_MAX;
  const launcher = await openLauncher(os);
  const ground: Ground = { engine, os, launcher, clock, logBytesMax };
  const cages = await openCages({
    dataDir: layout.dataDir,
    clock,
    log,
    ...(controlFiles ? { files: controlFiles } : {}),
  });
  const reads = new EmbeddedPageReads();
  const parts = await openParts(options, layout, { ground, cages, reads });
  const host = new EmbeddedHost(parts);
  await host.sweep();
  const system = new SystemTenant({ ...parts, clock, log });
  return {
    host,
    interior: new EmbeddedInterior(parts.secrets, engine),
    gauges: new EmbeddedGauges({ ...parts, reads, clock, log, pageCache: options.pageCache }),
    samples: new EmbeddedSamples({ ...parts, cages, clock, log }),
    reads,
    archive: parts.archive,
    version: versionText(engine.version),
    isolation: isolationText(),
    warnings: [...engine.warnings, ...missing(restrained), ...cages.lacks],
    startSystem: () => system.start(),
    close: async () => {
      host.close();
      await system.stop();
      await parts.husks.close();
      await parts.computes.close();
    },
  };
}

type Grown = {
  readonly ground: Ground;
  readonly cages: Cages;
  readonly reads: EmbeddedPageReads;
};

async function openParts(
  options: EmbeddedOptions,
  layout: Layout,
  { ground, cages, reads }: Grown,
): Promise<HostParts> {
  const { random, failpoints, log } = options;
  const templates = options.templatesDir ?? layout.templates;
  const secrets = await openSecrets(layout.masterKey, random);
  await sweep(layout.trash, (error) => log.warn('trash could not be deleted', { error }));
  await sweepTemplates(layout.templates, layout.trash);
  options.progress('preparing an empty database');
  const builder = await templateBuilder();
  const { trash } = layout;
  const template = await onDisk('the template of databases needs about 60 MB', () =>
    openTemplate({ ground, random, failpoints, templates, trash, builder }),
  );
  const husks = await openHusks({
    ...{ ground, random, log, failpoints, trash, template },
    husks: layout.husks,
    target: options.husks,
    nextOwner: ownerSource(options, layout),
  });
  husks.refill();
  const patience = options.patience ?? STOP_PATIENCE;
  const computes = new Computes({ ground, log, patience, cages });
  const { clock, pageCache } = options;
  const levels = new Levels({ layout, computes, secrets, pageCache, reads, clock, log });
  const archive = await options.archive({ dir: template.data, name: basename(template.root) });
  return { ground, layout, computes, husks, secrets, levels, archive, failpoints, random };
}

async function makeDirs(layout: Layout): Promise<void> {
  // Computes of another user id walk through these; what is inside guards itself.
  for (const dir of [layout.dataDir, layout.tenants, layout.hydrating, layout.husks])
    await ensureDir(dir, 0o711);
  for (const dir of [layout.trash, layout.secrets, layout.uids]) await ensureDir(dir, 0o700);
}

function ownerSource(options: EmbeddedOptions, layout: Layout): () => Promise<FileOwner> {
  if (!isRoot()) return () => Promise.resolve(null);
  const { os, clock, random, uidRange: range } = options;
  const begin = range.first + Math.floor(random.next() * (range.last - range.first + 1));
  const uids = new Uids({
    dir: layout.uids,
    range,
    begin,
    os,
    clock,
    inUse: () => idsInUse(layout),
  });
  return async () => {
    const uid = await uids.take();
    return { uid, gid: uid };
  };
}

const isolationText = (): string =>
  isRoot()
    ? 'uid per tenant'
    : 'one user id for all tenants, which must trust each other; start as root to keep them apart';

/** What this system cannot enforce. */
function missing(restrained: boolean): string[] {
  const lacks: string[] = [];
  if (!restrained) lacks.push('this system cannot forbid new privileges to computes');
  if (process.platform !== 'linux') {
    lacks.push('resource limits and the search for orphaned processes need Linux');
  } else if (isRoot() && !mayCapOthers()) {
    lacks.push(
      'this root has no CAP_SYS_RESOURCE, so a process that means to can lift its own limits',
    );
  }
  return lacks;
}
