import { expect, test } from 'vitest';
import { writeRequests } from './write-requests.ts';

test('this Node has write requests', () => {
  expect(writeRequests(process as object)).not.toBeNull();
});

test.each([
  ['is missing', {}],
  ['is empty', { binding: () => ({}) }],
  ['is not what it was', { binding: () => ({ WriteWrap: 1, streamBaseState: [] }) }],
  [
    'is forbidden',
    {
      binding: () => {
        throw new Error('access denied');
      },
    },
  ],
])('there are none where the binding %s', (_name, bindings) => {
  expect(writeRequests(bindings)).toBeNull();
});
