/** Answers that a page of the dashboard may get in place of what it has asked for, and what it is to say then. */
import type { Route } from 'playwright-core';

export type Failure = {
  readonly answer: (route: Route) => Promise<void>;
  readonly says: RegExp;
  /** Whether the page asks again by itself. */
  readonly isPassing: boolean;
};

/** As the API tells a failure. */
export const problem = (
  ...[status, code, retry, headers = {}]: readonly [
    status: number,
    code: string,
    retry: 'never' | 'soon',
    headers?: Readonly<Record<string, string>>,
  ]
): Failure['answer'] => {
  const told = { status, code, retry, detail: `told of ${code}`, sqlstate: 'XX000' };
  const body = JSON.stringify({ ...told, requestId: 'req_1', title: '', type: '' });
  return (route) =>
    route.fulfill({ status, contentType: 'application/problem+json', headers, body });
};

const AWAY = /The server cannot be reached\. ?It is asked again by itself/;

/** What a page may meet, by name. */
export const FAILURES: Readonly<Record<string, Failure>> = {
  forbidden: {
    answer: problem(403, 'FORBIDDEN', 'never'),
    ...{ says: /told of FORBIDDEN.*Ask an administrator for more rights/, isPassing: false },
  },
  'a proxy’s own page': {
    answer: (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<html>Bad Gateway</html>' }),
    ...{ says: AWAY, isPassing: true },
  },
  broken: {
    answer: problem(500, 'INTERNAL', 'never'),
    ...{ says: /tell your administrator this: Code INTERNAL, request req_1/, isPassing: false },
  },
  'cut in the middle': {
    answer: (route) =>
      route.fulfill({ status: 200, contentType: 'application/json', body: '{"tenants": [{"id' }),
    ...{ says: AWAY, isPassing: true },
  },
  gone: {
    answer: problem(404, 'TENANT_UNKNOWN', 'never'),
    ...{ says: /told of TENANT_UNKNOWN.*deleted or renamed/, isPassing: false },
  },
  restarting: {
    answer: problem(503, 'CATALOG_DOWN', 'soon'),
    ...{ says: /told of CATALOG_DOWN ?It is asked again by itself/, isPassing: true },
  },
  throttled: {
    answer: problem(429, 'RATE_LIMITED', 'soon', { 'retry-after': '60' }),
    ...{ says: /Try again in 60 seconds/, isPassing: false },
  },
  offline: {
    answer: (route) => route.abort('internetdisconnected'),
    ...{ says: AWAY, isPassing: true },
  },
};
