import { expect, test } from 'vitest';
import { plainHttpWarning } from './plain-http.ts';

test.each(['http://db.example.com', 'http://10.0.0.7:6480', 'http://127.0.0.1.example.com'])(
  'a key for %s can be read on the way, which is said',
  (apiUrl) => {
    expect(plainHttpWarning(apiUrl)).toContain(`${apiUrl} is not https`);
  },
);

test.each([
  'https://db.example.com',
  'http://localhost:6480',
  'http://127.0.0.1',
  'http://[::1]:1',
])('of %s nothing is said', (apiUrl) => {
  expect(plainHttpWarning(apiUrl)).toBeNull();
});
