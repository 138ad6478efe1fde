/** Starts a proxy process, which from then on depends on nobody. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { faultFrom, type PlainFault } from '../../channel/plain-fault.ts';
import type { HeldLock, ProxyPlace } from './proxy-place.ts';
import type { ProxySettings } from './proxy-settings.ts';

const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './proxy-process.ts' : './proxy-process.js',
    import.meta.url,
  ),
);

/** What the process needs of our environment, which holds secrets it does not need. */
const VARIABLES = [
  'PATH',
  'HOME',
  'TZ',
  'LANG',
  'TMPDIR',
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
] as const;

/**
 * In MB. By itself Node lets the space of new objects grow to a hundred of them while many clients log
 * in, and keeps it for good; what is relayed allocates next to nothing. Measured: bench/parked.ts.
 */
const NODE_FLAGS = ['--max-semi-space-size=4'] as const;

export type StartedProxy = {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Hands the settings over. */
  tell(settings: ProxySettings): void;
  /** Resolves when the proxy can be spoken to. Throws the fault that kept it from opening. */
  readonly opened: Promise<void>;
};

type Status = { readonly port: number } | { readonly fault: PlainFault; readonly cause: string };

/** The lock is the process's from now on: it is closed here. */
export function startProxy(place: ProxyPlace, lock: HeldLock): StartedProxy {
  const log = openSync(place.logFile, 'a', 0o600);
  const env = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM], {
    cwd: place.directory,
    detached: true,
    env,
    stdio: ['pipe', log, log, 'pipe', lock.fd],
  });
  closeSync(log);
  lock.close();
  child.unref();
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  );
  const opened = openedBy(child);
  // Whoever started it may have given up before it asks.
  opened.catch(() => {});
  return { ended, opened, tell: (settings) => tell(child, settings) };
}

function tell({ stdin }: ChildProcess, settings: ProxySettings): void {
  // Should the process have ended, its status says so.
  stdin?.on('error', () => {});
  stdin?.end(JSON.stringify(settings));
}

async function openedBy(child: ChildProcess): Promise<void> {
  const chunks: Buffer[] = [];
  const status = child.stdio[3] as Readable & Writable;
  for await (const chunk of status) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (text === '') throw new Error('the data plane ended while it started; log/proxy.log says why');
  const said = JSON.parse(text) as Status;
  if ('fault' in said) throw Object.assign(faultFrom(said.fault), { cause: said.cause });
}
