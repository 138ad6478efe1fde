import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainRequests } from './http-request.ts';

const HEAD = 'POST /sql HTTP/1.1\r\nHost: a\r\n';

const read = (text: string, requests = new PlainRequests()) => {
  const bytes = Buffer.from(text);
  return requests.read(bytes, bytes.length);
};

test('reads a request that is whole, and says where it ends', () => {
  const text = `${HEAD}Content-Length: 3\r\nX-Y:  z \r\n\r\n{é}`.replace('3', '4');
  expect(read(`${text}next`)).toEqual({
    headers: { host: 'a', 'x-y': 'z' },
    connectionString: undefined,
    body: '{é}',
    length: Buffer.byteLength(text),
  });
});

test.each([
  ['another method', 'GET /sql HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ['another path', 'POST /sql?a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ['another version', 'POST /sql HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ['no host', 'POST /sql HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
  ['no length', `${HEAD}\r\n`],
  ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
  ['two lengths in one', `${HEAD}Content-Length: 1, 1\r\n\r\nx`],
  ['a length with a sign', `${HEAD}Content-Length: +1\r\n\r\nx`],
  ['a transfer coding', `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx`],
  ['an expectation', `${HEAD}Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx`],
  ['an upgrade', `${HEAD}Connection: upgrade\r\nContent-Length: 1\r\n\r\nx`],
  ['a connection that is to be closed', `${HEAD}Connection: close\r\nContent-Length: 1\r\n\r\nx`],
  ['a folded line', `${HEAD}A: b\r\n c\r\nContent-Length: 1\r\n\r\nx`],
  ['a space before the colon', `${HEAD}A : b\r\nContent-Length: 1\r\n\r\nx`],
  ['a line without a colon', `${HEAD}A\r\nContent-Length: 1\r\n\r\nx`],
  ['a bare line feed', `${HEAD}A: b\nContent-Length: 9\r\nContent-Length: 1\r\n\r\nx`],
  ['a name of nothing', `${HEAD}: b\r\nContent-Length: 1\r\n\r\nx`],
])('leaves %s to others', (_, text) => {
  expect(read(text)).toBeNull();
});

test('leaves what is cut to others, wherever it is cut', () => {
  const text = `${HEAD}Content-Length: 5\r\n\r\nhello`;
  for (let end = 0; end < text.length; end++) expect(read(text.slice(0, end))).toBeNull();
  expect(read(text)?.body).toBe('hello');
});

test('never throws, and never takes more than there is', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.boolean(), (bytes, hasHead) => {
      const all = Buffer.concat([Buffer.from(hasHead ? HEAD : ''), bytes]);
      const request = new PlainRequests().read(all, all.length);
      expect(request?.length ?? 0).toBeLessThanOrEqual(all.length);
    }),
  );
});

/** As one client after the other says it, each with one thing changed at most. */
const HEADS = [
  `${HEAD}Neon-Connection-String: postgresql://a:b@c/d\r\nContent-Length: 2\r\nX-Y: z\r\n\r\n{}`,
  `${HEAD}content-length:2\r\nneon-connection-string:é\r\n\r\n{}and more`,
  `${HEAD}Content-Length: 002\r\nX: content-length: 7\r\n\r\n{}`,
];

test('reads a head that was there before as if it had not been', () => {
  const change = fc.record({
    at: fc.nat({ max: 150 }),
    drop: fc.nat({ max: 2 }),
    put: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('\r', '\n', '\r\n', '\0', ':', '1', ' ', '\x7f', '\r\nA: b'),
    ),
  });
  const said = fc.tuple(fc.constantFrom(...HEADS), fc.option(change));
  fc.assert(
    fc.property(fc.array(said, { maxLength: 6 }), (all) => {
      const requests = new PlainRequests();
      for (const [text, changed] of all) {
        const { at, drop, put } = changed ?? { at: 0, drop: 0, put: '' };
        const sent = text.slice(0, at) + put + text.slice(at + drop);
        // Read into where a longer one was.
        const buffer = Buffer.concat([Buffer.from(sent), Buffer.from(text)]);
        const end = Buffer.byteLength(sent);
        expect(requests.read(buffer, end)).toEqual(new PlainRequests().read(buffer, end));
      }
    }),
    { numRuns: 300 },
  );
});
