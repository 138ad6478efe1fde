import { expect, test } from 'vitest';
import { forPeople, openLog } from './log.ts';

const written = (): { lines: string[]; write(line: string): void } => {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
};

test('a secret never reaches the log, however deep it stands', () => {
  const out = written();
  openLog(out, 'info').info('made', { password: 'p1', tenant: { name: 'acme', verifier: 'v1' } });
  expect(JSON.parse(out.lines[0] ?? '')).toMatchObject({
    password: '[Redacted]',
    tenant: { name: 'acme', verifier: '[Redacted]' },
  });
});

test('an error is told with its message and its cause', () => {
  const out = written();
  const error = new Error('outer', { cause: new Error('inner') });
  openLog(out, 'info').warn('failed', { error });
  expect(JSON.parse(out.lines[0] ?? '')).toMatchObject({
    error: { message: 'outer', cause: { message: 'inner' } },
  });
});

test('what is below the level is left out, and a child carries its fields', () => {
  const out = written();
  const log = openLog(out, 'warn').child({ room: 'proxy' });
  log.info('not told');
  log.error('told');
  expect(out.lines.map((line) => JSON.parse(line).msg)).toEqual(['told']);
  expect(JSON.parse(out.lines[0] ?? '')).toMatchObject({ room: 'proxy' });
});

test('a person at a terminal reads words', () => {
  const out = written();
  openLog(forPeople(out), 'info').info('tenant moved', { name: 'acme', because: 'idle for 900 s' });
  expect(out.lines[0]).toMatch(
    /^\d\d:\d\d:\d\d info {2}tenant moved {2}name=acme because="idle for 900 s"\n$/,
  );
});
