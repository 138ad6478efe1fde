import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseTenantId } from '../../domain/ids.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import type { Compute } from '../compute.ts';
import type { CountedIn } from './cage-counters.ts';
import { EmbeddedSamples } from './samples.ts';

const TENANT = parseTenantId('tn_000000000001');

let group: string;
let counted: CountedIn;

beforeEach(() => {
  group = mkdtempSync(join(tmpdir(), 'dynabase-group-'));
  const resources = ['memory', 'cpu', 'io'];
  counted = { groups: [{ version: 2, path: group, resources }], disk: '8:0' };
});
afterEach(() => rmSync(group, { recursive: true }));

function charge({ cpu, written }: { readonly cpu: number; readonly written: number }): void {
  writeFileSync(join(group, 'memory.current'), '7000000\n');
  writeFileSync(join(group, 'memory.stat'), 'active_file 1000000\ninactive_file 0\n');
  writeFileSync(join(group, 'cpu.stat'), `usage_usec ${cpu}\n`);
  writeFileSync(join(group, 'io.stat'), `8:0 rbytes=0 wbytes=${written}\n`);
}

test('a compute with a control group is asked of that, and its counters go on from what its processes said', async () => {
  // This process stands for a postmaster: it is older than the group, and has used more.
  const compute = { pid: process.pid, files: { root: `/tenants/${TENANT}` } } as unknown as Compute;
  const samples = new EmbeddedSamples({
    ...{ clock: new VirtualClock(), log: new MemoryLog() },
    computes: { all: () => [compute], onStopping: () => {} },
    cages: { countedIn: () => counted },
  });
  const look = async () => (await samples.all()).get(TENANT) ?? expect.fail('not looked at');
  charge({ cpu: 500, written: 4_096 });
  const first = await look();
  expect(first.memoryBytes).toBe(6_000_000);
  expect(first.cpuUs).toBeGreaterThan(10_000);
  charge({ cpu: 1_700, written: 12_288 });
  const second = await look();
  expect(second.cpuUs - first.cpuUs).toBe(1_200);
  expect((second.diskWrittenBytes ?? 0) - (first.diskWrittenBytes ?? 0)).toBe(8_192);
  // The group was made anew.
  charge({ cpu: 30, written: 0 });
  const third = await look();
  expect(third.cpuUs - second.cpuUs).toBe(30);
  expect(third.diskWrittenBytes).toBe(second.diskWrittenBytes);
  // Without a group the processes tell, and nothing falls.
  counted = { groups: [], disk: null };
  const last = await look();
  expect(last.cpuUs).toBeGreaterThanOrEqual(third.cpuUs);
  expect(last.memoryBytes).toBeGreaterThan(6_000_000);
});
