/** What the processes of the server take of the machine, read when somebody asks. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import {
  type Family,
  type MetricSource,
  type Sample,
  single,
} from '../control/service/metrics-family.ts';
import type { Host } from '../domain/host.ts';

/** How often the event loop is looked at, in milliseconds: ten times a second costs nothing that can be measured. */
const LAG_EVERY = 100;
const NS_OF_SECOND = 1e9;
const MS_OF_SECOND = 1e3;
const US_OF_SECOND = 1e6;

/** Of Linux, whatever the machine's. Source: proc(5), sysconf(3) `_SC_CLK_TCK`. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4_096;

export type ProcessParts = {
  readonly version: string;
  readonly engineVersion: string;
  /** Of the server; the data plane says in it which processes it has. */
  readonly dataDir: string;
  readonly startedAt: number;
  /** That the clients' port shows; null for the one that is made by the server. */
  readonly certFile: string | null;
  readonly host: Pick<Host, 'diskRoom'>;
};

type Taken = { readonly cpuSeconds: number; readonly residentBytes: number };

export function processSource(parts: ProcessParts): {
  readonly source: MetricSource;
  close(): void;
} {
  const lag = monitorEventLoopDelay({ resolution: LAG_EVERY });
  lag.enable();
  const source: MetricSource = async () => {
    const [proxies, certificate] = await Promise.all([proxiesOf(parts.dataDir), expiry(parts)]);
    const all = [
      ['control', ourselves()] as const,
      ...(proxies ? [['data', proxies] as const] : []),
    ];
    const families = [...taken(all), ...loop(lag), ...place(parts, certificate)];
    lag.reset();
    return families;
  };
  return { source, close: () => void lag.disable() };
}

function taken(all: readonly (readonly [string, Taken])[]): readonly Family[] {
  const each = (value: (taken: Taken) => number): readonly Sample[] =>
    all.map(([process, one]) => ({ labels: { process }, value: value(one) }));
  return [
    {
      ...{ kind: 'counter', name: 'dynabase_process_cpu_seconds' },
      help: 'Processor time of the control plane and of the data plane.',
      samples: each(({ cpuSeconds }) => cpuSeconds),
    },
    {
      ...{ kind: 'gauge', name: 'dynabase_process_resident_bytes' },
      help: 'Memory of the control plane and of the data plane.',
      samples: each(({ residentBytes }) => residentBytes),
    },
  ];
}

function loop(lag: ReturnType<typeof monitorEventLoopDelay>): readonly Family[] {
  const lags = [
    ['50', lag.percentile(50)],
    ['99', lag.percentile(99)],
    ['100', lag.max],
  ] as const;
  const busy = performance.eventLoopUtilization().active / MS_OF_SECOND;
  return [
    {
      ...{ kind: 'gauge', name: 'dynabase_event_loop_lag_seconds' },
      help: 'By how much the control plane was late, since the last scrape.',
      samples: lags.map(([percentile, ns]) => ({
        labels: { percentile },
        value: Math.max(0, ns / NS_OF_SECOND - LAG_EVERY / MS_OF_SECOND),
      })),
    },
    single(
      {
        ...{ kind: 'counter', name: 'dynabase_event_loop_busy_seconds' },
        help: 'Time in which the control plane was at work.',
      },
      busy,
    ),
  ];
}

function place(parts: ProcessParts, certificate: number | null): readonly Family[] {
  const { freeBytes, totalBytes } = parts.host.diskRoom();
  const gauge = (name: string, help: string, value: number | null): Family =>
    single({ kind: 'gauge', name, help }, value);
  const labels = { version: parts.version, postgres: parts.engineVersion };
  return [
    gauge('dynabase_disk_free_bytes', 'Room on the disk that holds the tenants.', freeBytes),
    gauge('dynabase_disk_size_bytes', 'Size of the disk that holds the tenants.', totalBytes),
    gauge(
      'dynabase_certificate_expiry_timestamp_seconds',
      'Until when the certificate of the port of clients is valid.',
      certificate,
    ),
    gauge(
      'dynabase_start_timestamp_seconds',
      'When the server started.',
      parts.startedAt / MS_OF_SECOND,
    ),
    { kind: 'info', name: 'dynabase_build', help: 'What runs.', samples: [{ labels, value: 1 }] },
  ];
}

function ourselves(): Taken {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / US_OF_SECOND, residentBytes: process.memoryUsage.rss() };
}

/** All processes of the data plane together; null where the system does not tell. */
async function proxiesOf(dataDir: string): Promise<Taken | null> {
  const directory = join(dataDir, 'data-plane');
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.json'));
  const taken = await Promise.all(names.map((name) => proxyOf(join(directory, name))));
  const known = taken.filter((one) => one !== null);
  if (known.length === 0) return null;
  return {
    cpuSeconds: known.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    residentBytes: known.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const RESIDENT_FIELD = 21;

async function proxyOf(announcement: string): Promise<Taken | null> {
  try {
    const { pid } = JSON.parse(await readFile(announcement, 'utf8')) as { readonly pid: number };
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const number = (field: number): number => Number(fields[field] ?? 0);
    return {
      cpuSeconds: (number(USER_FIELD) + number(SYSTEM_FIELD)) / TICKS_A_SECOND,
      residentBytes: number(RESIDENT_FIELD) * PAGE_BYTES,
    };
  } catch {
    // It has just ended, or this is no Linux.
    return null;
  }
}

async function expiry({ certFile, dataDir }: ProcessParts): Promise<number | null> {
  try {
    const pem = await readFile(certFile ?? join(dataDir, 'tls', 'server.crt'));
    return Date.parse(new X509Certificate(pem).validTo) / MS_OF_SECOND;
  } catch {
    return null;
  }
}
