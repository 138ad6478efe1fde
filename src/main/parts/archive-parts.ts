/** Where the archive is and what opens it, from the options and the data directory. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OpenArchive, openArchive } from '../../archive/open-archive.ts';
import { openStore, parseLocation, type S3Credentials } from '../../archive/open-store.ts';
import type { Store } from '../../archive/store.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Failpoints } from '../../domain/failpoints.ts';
import { fault } from '../../domain/faults.ts';
import { isTenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import type { TemplatePlace } from '../../embedded/engine.ts';

type ArchiveOptions = Pick<
  ServerOptions,
  | 'dataDir'
  | 'archiveDir'
  | 'archiveUrl'
  | 'archiveRegion'
  | 'archiveAccessKeyId'
  | 'archiveSecretAccessKey'
  | 'archiveSessionToken'
  | 'archiveKey'
  | 'archiveKeyFile'
>;

export type ArchivePlace = {
  readonly options: ArchiveOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  readonly syncFileSystem: (fd: number) => Promise<boolean>;
};

const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** Opens the archive that the options name. Throws `ARCHIVE_DOWN`, `ARCHIVE_KEY`, `BAD_OPTION`. */
export async function openPlacedArchive(
  place: ArchivePlace,
  template: TemplatePlace,
): Promise<OpenArchive> {
  const { options, clock, random, log, failpoints, syncFileSystem } = place;
  const store = await openStore(locationOf(options), { clock, random });
  const masterKey = await masterKeyOf(options, { random, store });
  const scratchDir = join(options.dataDir, 'scratch');
  const archive = await openArchive({
    ...{ store, masterKey, template, clock, random, log, failpoints, scratchDir, syncFileSystem },
  });
  await mustOpen(archive, store).catch(async (error: unknown) => {
    await archive.close();
    throw error;
  });
  return archive;
}

/** Looks into one vault, so that another archive's key is found out before anything is written with it. */
async function mustOpen(archive: OpenArchive, store: Store): Promise<void> {
  for await (const { key } of store.list('vaults/')) {
    const [, vault = ''] = key.split('/');
    if (!isTenantId(vault)) continue;
    await archive.list({ tenant: vault, vault });
    return;
  }
}

/** Where the options say that the archive is. Throws `BAD_OPTION`. */
export function locationOf(options: ArchiveOptions): ReturnType<typeof parseLocation> {
  const { archiveUrl, archiveDir, archiveRegion, dataDir } = options;
  if (archiveUrl === null) {
    const path = archiveDir ?? join(dataDir, 'archive');
    return parseLocation(path, '--archive-dir', null);
  }
  if (archiveDir !== null) {
    throw fault('BAD_OPTION', {
      option: '--archive-url',
      why: 'cannot be used together with --archive-dir',
    });
  }
  const url = new URL(archiveUrl);
  if (archiveRegion !== null && !url.searchParams.has('region')) {
    url.searchParams.set('region', archiveRegion);
  }
  return parseLocation(url.href, '--archive-url', credentialsOf(options));
}

function credentialsOf(options: ArchiveOptions): S3Credentials | null {
  const { archiveAccessKeyId, archiveSecretAccessKey, archiveSessionToken } = options;
  if (archiveAccessKeyId === null || archiveSecretAccessKey === null) return null;
  return {
    accessKeyId: archiveAccessKeyId,
    secretAccessKey: archiveSecretAccessKey,
    sessionToken: archiveSessionToken ?? undefined,
  };
}

/**
 * The key that all others are wrapped by. One is made only for an archive that is still empty: what is
 * in another can be read with its own alone.
 */
async function masterKeyOf(
  { archiveKey, archiveKeyFile, dataDir }: ArchiveOptions,
  { random, store }: { readonly random: Random; readonly store: Store },
): Promise<Buffer> {
  if (archiveKey !== null) return archiveKey;
  const path = archiveKeyFile ?? join(dataDir, 'secrets', 'archive.key');
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== undefined) {
    const key = Buffer.from(found.trim(), 'base64');
    if (key.length === KEY_BYTES) return key;
    throw fault('ARCHIVE_KEY', { why: 'its file does not hold 32 bytes in base64' });
  }
  if (archiveKeyFile !== null) throw fault('ARCHIVE_KEY', { why: 'its file cannot be read' });
  for await (const _ of store.list('vaults/')) {
    throw fault('ARCHIVE_KEY', { why: 'its file is gone, and the archive is not empty' });
  }
  const made = Buffer.from(random.bytes(KEY_BYTES));
  await writeFile(path, `${made.toString('base64')}\n`, {
    mode: OWNER_ONLY,
    flag: 'wx',
    flush: true,
  });
  return made;
}
