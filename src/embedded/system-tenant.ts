/** The system tenant: a compute of our own, in which the catalog lives. */
import { existsSync } from 'node:fs';
import { parseTenantName } from '../domain/ids.ts';
import { seconds } from '../domain/units.ts';
import { OPERATOR, SUPERUSER } from './admin.ts';
import { onDisk } from './durable.ts';
import { featuresOf } from './engine-version.ts';
import { type HostParts, settleCompute } from './host.ts';
import { computeFiles } from './layout.ts';
import { settingsOf } from './settings.ts';
import { socketPlace } from './socket-place.ts';

/** How to connect to the catalog, in the words of `pg`. Its role is no superuser. */
export type SystemConnection = {
  readonly socketDir: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

/** By which its secrets are derived, and how `ps` shows it. */
const NAME = 'catalog';
const OWNER = parseTenantName('catalog');

/** A small pool of ours is all that connects. */
const SIZE = {
  sharedBuffersMb: 16,
  workMemKb: 4_096,
  maintenanceWorkMemMb: 32,
  connectionsMax: 30,
};

const START_TIMEOUT = seconds(300);

/** Starts the system tenant, or adopts it if it runs; makes it at the first start. */
export async function startSystem(parts: HostParts): Promise<SystemConnection> {
  const { computes, engine, husks, layout, secrets } = parts;
  const files = computeFiles(layout.catalog);
  await computes.exclusively(files.root, async () => {
    if (existsSync(files.root)) return;
    await onDisk('the catalog needs about 32 MB', () => husks.claim(files.root));
  });
  const settings = settingsOf({
    features: featuresOf(engine.version),
    size: SIZE,
    clusterName: NAME,
    onLinux: process.platform === 'linux',
  });
  const { address } = await computes.start({ files, settings, giveUpAfter: START_TIMEOUT });
  await settleCompute(parts, {
    files,
    address,
    name: NAME,
    settlement: {
      owner: { name: OWNER, verifier: secrets.verifier(NAME, OWNER) },
      superuser: secrets.verifier(NAME, SUPERUSER),
      operator: secrets.verifier(NAME, OPERATOR),
    },
  });
  const { host, port } = socketPlace(address);
  const password = secrets.password(NAME, OWNER);
  return { socketDir: host, port, user: OWNER, password, database: OWNER };
}

export const stopSystem = ({ computes, layout }: HostParts): Promise<void> =>
  computes.stop(computeFiles(layout.catalog));
