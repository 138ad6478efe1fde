import { expect, test } from 'vitest';
import { NOTICE_BYTES_MAX, NOTICES_MAX } from '../../domain/query.ts';
import { Notices, type RawNotice } from './notices.ts';

const saying = (message: string, more: Partial<RawNotice> = {}): RawNotice => ({
  ...{ severity: 'NOTICE', message, detail: undefined, hint: undefined },
  ...more,
});

test('each is told once, to the statement that ends behind it, and all to who asks for all', () => {
  const notices = new Notices();
  notices.add(saying('first'));
  notices.add(saying('second', { severity: 'WARNING', hint: 'look' }));
  const two = [
    { severity: 'NOTICE', message: 'first' },
    { severity: 'WARNING', message: 'second', hint: 'look' },
  ];
  expect(notices.next()).toEqual(two);
  expect(notices.next()).toEqual([]);
  notices.add(saying('third'));
  expect(notices.next()).toEqual([{ severity: 'NOTICE', message: 'third' }]);
  expect([notices.all.length, notices.leftOut]).toEqual([3, 0]);
});

test('of too many the first are told, and how many there are besides', () => {
  const notices = new Notices();
  for (let n = 0; n < NOTICES_MAX + 5; n++) notices.add(saying(`${n}`));
  expect([notices.all.length, notices.all.at(-1)?.message]).toEqual([NOTICES_MAX, '99']);
  expect(notices.leftOut).toBe(5);
});

test('of too long ones those before are told, and none behind', () => {
  const notices = new Notices();
  notices.add(saying('short'));
  notices.add(saying('x', { detail: 'é'.repeat(NOTICE_BYTES_MAX / 2) }));
  notices.add(saying('behind'));
  expect([notices.all.map(({ message }) => message), notices.leftOut]).toEqual([['short'], 2]);
});
