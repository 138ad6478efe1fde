import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { expect, test } from 'vitest';
import { smtpSender } from './mail.ts';

const LETTER = { to: 'a@example.com', subject: 'Budget: 50 %', text: 'Half of it is used.\nÄ.\n' };
const NEVER = new AbortController().signal;

/** A real mail server, which keeps what it is sent. */
async function mailServer(options: { readonly refuse?: boolean } = {}) {
  const letters: string[] = [];
  const logins: string[] = [];
  const recipients: string[] = [];
  const server = new SMTPServer({
    ...{ disabledCommands: ['STARTTLS'], authOptional: true, allowInsecureAuth: true },
    onAuth: ({ username, password }, _, done) => {
      logins.push(`${username}:${password}`);
      done(null, { user: username ?? '' });
    },
    onRcptTo: (address, _, done) => {
      recipients.push(address.address);
      if (options.refuse) done(new Error(`no such ${address.address}, hunter2`));
      else done();
    },
    onData: (stream, _, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        letters.push(Buffer.concat(parts).toString());
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    ...{ letters, logins, recipients, port },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const sender = (port: number, user = '') =>
  smtpSender({
    ...{ url: `smtp://${user}127.0.0.1:${port}`, from: 'DynaBase <db@example.com>' },
    answeredWithinMs: 5_000,
  });

test('a letter arrives as it was written, from whom it is, after a login where there is one', async () => {
  await using server = await mailServer();
  await sender(server.port, 'me:hunter2@').send(LETTER, NEVER);
  const [letter = ''] = server.letters;
  expect(letter).toMatch(/^From: DynaBase <db@example\.com>\r$/m);
  expect(letter).toMatch(/^To: a@example\.com\r$/m);
  expect(letter).toMatch(/^Subject: Budget: 50 %\r$/m);
  expect(letter).toContain('Half of it is used.');
  expect(server.logins).toEqual(['me:hunter2']);
});

test.each(['team:a@example.com', 'a@example.com(b@example.com)'])(
  '%s is no way to write to somebody else',
  async (to) => {
    await using server = await mailServer();
    await sender(server.port)
      .send({ ...LETTER, to }, NEVER)
      .catch(() => undefined);
    expect(server.recipients).not.toContain('a@example.com');
  },
);

test('what a server says in refusing is not told on: it may repeat what is secret', async () => {
  await using server = await mailServer({ refuse: true });
  const sending = sender(server.port, 'me:hunter2@').send(LETTER, NEVER);
  await expect(sending).rejects.toThrow(/^the mail server answered 550$/);
});

test('a server that never greets is given up when it is told to be', async () => {
  const silent: Server = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const stop = new AbortController();
  const sending = sender(port).send(LETTER, stop.signal);
  silent.once('connection', (socket) => {
    socket.on('error', () => {});
    stop.abort();
  });
  await expect(sending).rejects.toThrow('it took too long');
  await new Promise<void>((resolve) => silent.close(() => resolve()));
});

test('one that is not there is told by its code', async () => {
  await expect(sender(1).send(LETTER, NEVER)).rejects.toThrow(
    /^the mail server could not be used: E[A-Z]+$/,
  );
});

test('a login goes over nothing that others can read', async () => {
  await using server = await mailServer();
  const url = `smtp://me:hunter2@localhost.:${server.port}`;
  const letters = smtpSender({ url, from: 'db@example.com', answeredWithinMs: 5_000 });
  await expect(letters.send(LETTER, NEVER)).rejects.toThrow(/could not be used|answered/);
  expect(server.logins).toEqual([]);
});

test.each(['http://a', 'smtp://', 'mail.example.com', 'smtp:'])('%s is no mail server', (url) => {
  expect(() => smtpSender({ url, from: 'a@b', answeredWithinMs: 1 })).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION' }),
  );
});
