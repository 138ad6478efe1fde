/** What the processes of the server take of the machine, read when somebody asks. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import {
  type Family,
  type MetricSource,
  type Sample,
  single,
} from '../control/service/metrics-family.ts';
import type { Host } from '../domain/host.ts';
import { cpuOfThreads, residentOf } from '../embedded/cages/process-counters.ts';

/** How often the event loop is looked at, in milliseconds: ten times a second costs nothing that can be measured. */
const LAG_EVERY = 100;
const NS_OF_SECOND = 1e9;
const MS_OF_SECOND = 1e3;
const US_OF_SECOND = 1e6;

export type ProcessParts = {
  readonly version: string;
  readonly engineVersion: string;
  /** Of processes that serve clients. */
  readonly proxyPids: () => Promise<readonly number[]>;
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
    const [pids, certificate] = await Promise.all([parts.proxyPids(), expiry(parts)]);
    const proxies = proxiesOf(pids);
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
function proxiesOf(pids: readonly number[]): Taken | null {
  const told = pids.flatMap((pid) => {
    const cpuUs = cpuOfThreads(pid);
    return cpuUs === null ? [] : [{ cpuUs, bytes: residentOf(pid) }];
  });
  if (told.length === 0) return null;
  return {
    cpuSeconds: told.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / US_OF_SECOND,
    residentBytes: told.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function expiry({ certFile, dataDir }: ProcessParts): Promise<number | null> {
  try {
    const pem = await readFile(certFile ?? join(dataDir, 'tls', 'server.crt'));
    return Date.parse(new X509Certificate(pem).validTo) / MS_OF_SECOND;
  } catch {
    return null;
  }
}
