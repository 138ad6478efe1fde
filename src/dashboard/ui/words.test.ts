import { expect, test } from 'vitest';
import { DynaBaseError } from '../../sdk/index.ts';
import { fieldOf, mayPass, toldOf } from './words.ts';

const failure = (code: string, http: number, more: object = {}) =>
  new DynaBaseError({
    code,
    message: 'the words',
    sqlstate: 'XX000',
    http,
    retry: 'never',
    ...more,
  });

test.each([
  [failure('FORBIDDEN', 403), 'the words', 'Ask an administrator for more rights.'],
  [failure('TENANT_UNKNOWN', 404), 'the words', /deleted or renamed/],
  [failure('TENANT_EXISTS', 409), 'the words', ''],
  [failure('CHANGED_SINCE', 412), 'the words', /Load the page again/],
  [failure('RATE_LIMITED', 429, { retryAfterMs: 7_000 }), 'the words', 'Try again in 7 seconds.'],
  [failure('RATE_LIMITED', 429), 'the words', 'Wait a moment, and try again.'],
  [failure('INTERNAL', 500), 'the words', /tell your administrator/],
  [failure('CATALOG_DOWN', 503, { retry: 'soon' }), 'the words', /in a moment/],
  [
    failure('SERVER_UNREACHABLE', 503, { retry: 'soon' }),
    'The server cannot be reached.',
    /in a moment/,
  ],
  [new Error('That is not JSON.'), 'That is not JSON.', ''],
  [new TypeError("reading 'name' of undefined"), 'This part of the page has failed.', /Load/],
])('%s is told as %s', (error, what, advice) => {
  expect(toldOf(error).what).toBe(what);
  if (typeof advice === 'string') expect(toldOf(error).advice).toBe(advice);
  else expect(toldOf(error).advice).toMatch(advice);
});

test('a question is asked again by the page, and nothing else is', () => {
  const away = failure('SERVER_UNREACHABLE', 503, { retry: 'soon' });
  expect(toldOf(away, true).advice).toBe('It is asked again by itself.');
  expect(toldOf(away).advice).toBe('Try again in a moment.');
});

test('what is asked for again by itself is what the server says may succeed soon', () => {
  expect(mayPass(failure('CATALOG_DOWN', 503, { retry: 'soon' }))).toBe(true);
  expect(mayPass(failure('INTERNAL', 500))).toBe(false);
  expect(mayPass(new TypeError('x'))).toBe(false);
});

test('what is wrong with one field is known to be about it', () => {
  const refused = (message: string, code = 'BAD_REQUEST') =>
    new DynaBaseError({ code, message, sqlstate: '22023', http: 400, retry: 'never' });
  expect(fieldOf(refused('"name" in the body must be of a form like acme'))).toBe('name');
  expect(fieldOf(refused('the body lacks the field "name"'))).toBe(null);
  expect(fieldOf(refused('there is a tenant of that name', 'TENANT_EXISTS'))).toBe('name');
  expect(fieldOf(refused('"name" in the body must be other', 'FORBIDDEN'))).toBe(null);
});
