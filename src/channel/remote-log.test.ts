import { beforeEach, expect, test } from 'vitest';
import { peerPair } from '../testing/channel-pair.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { LogRoute, printRemote, RemoteLog } from './remote-log.ts';

let file: MemoryLog;
let printed: MemoryLog;
let route: LogRoute;
let log: RemoteLog;

beforeEach(() => {
  file = new MemoryLog();
  printed = new MemoryLog();
  route = new LogRoute(file);
  log = new RemoteLog(route, { proxy: 'px_1' });
});

function control(level: string) {
  const [ours, theirs] = peerPair({}, { told: (_, args) => printRemote(printed, args) });
  route.attach(ours, level);
  // Answered behind all that was said before.
  return { peer: ours, heard: () => ours.call('any').catch(() => {}), theirs };
}

test('lines are printed by the control plane, with their fields, from its level on', async () => {
  const { heard } = control('info');
  log.debug('too fine');
  log.child({ session: 7 }).info('it goes well');
  log.warn('it does not', { error: new Error('broken', { cause: new TypeError('why') }) });
  await heard();
  expect(file.lines).toEqual([]);
  expect(printed.lines).toMatchObject([
    { level: 'info', message: 'it goes well', fields: { proxy: 'px_1', session: 7 } },
    {
      level: 'warn',
      message: 'it does not',
      fields: { error: { message: 'broken', cause: { name: 'TypeError', message: 'why' } } },
    },
  ]);
});

test('without a control plane they are kept in the file', () => {
  const { peer } = control('info');
  route.detach(peer);
  log.error('alone');
  expect(file.lines).toMatchObject([{ level: 'error', message: 'alone' }]);
  expect(printed.lines).toEqual([]);
});

test('a control plane that takes nothing is told how many were left out', async () => {
  const { heard, peer } = control('info');
  const text = 'x'.repeat(100_000);
  for (let n = 0; n < 10; n++) log.info(text);
  expect(peer.isCongested).toBe(true);
  await heard();
  log.info('again');
  await heard();
  const kept = printed.lines.filter(({ message }) => message === text).length;
  expect(kept).toBeLessThan(10);
  expect(printed.lines.slice(kept)).toMatchObject([
    { message: 'lines were left out', fields: { lines: 10 - kept } },
    { message: 'again' },
  ]);
});
