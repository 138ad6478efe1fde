/**
 * Sends letters over SMTP, each on a connection of its own: they are few, and one that hangs holds up no other.
 *
 * Neither the URL nor what the server says of a login is ever told on: it may hold the password.
 */
import { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import type { Mail, MailSender } from '../domain/economics.ts';
import { fault } from '../domain/faults.ts';

export type MailOptions = {
  /** `smtp://` or `smtps://`, with user and password if need be. */
  readonly url: string;
  readonly from: string;
  /** For each step of the conversation. */
  readonly answeredWithinMs: number;
};

/** Throws `BAD_OPTION` if the URL is none. */
export function smtpSender({ url, from, answeredWithinMs }: MailOptions): MailSender {
  const place = placeOf(url);
  return {
    send: async (mail, signal) => {
      // Ours to cut: the transport would speak on with a letter that is given up, and send it after all.
      const socket = new Socket();
      const transport = createTransport({
        ...place,
        socket,
        connectionTimeout: answeredWithinMs,
        greetingTimeout: answeredWithinMs,
        socketTimeout: answeredWithinMs,
        // Nothing is read from files or addresses that a text names.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        await Promise.race([transport.sendMail({ from, ...letter(mail) }), aborted(signal)]);
      } catch (error) {
        throw new Error(reasonOf(error));
      } finally {
        if (signal.aborted) socket.destroy();
        transport.close();
      }
    },
  };
}

/** An address is one address, whatever its text would mean in a list of them. */
const letter = ({ to, subject, text }: Mail) => ({
  ...{ to: { name: '', address: to }, subject, text },
});

function placeOf(text: string): object {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    const why = 'must be such as smtp://user:password@mail.example.com:587';
    throw fault('BAD_OPTION', { option: 'smtpUrl', why });
  }
  const isSecure = url.protocol === 'smtps:';
  const user = decodeURIComponent(url.username);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    secure: isSecure,
    // A password never goes over a wire that others can read.
    requireTLS: !isSecure && user !== '' && !isLocal(url.hostname),
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
  };
}

const isLocal = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host);

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('it took too long')), { once: true });
  });

/** The code, which says enough: texts of servers repeat what they were sent. */
function reasonOf(error: unknown): string {
  const { code, responseCode, message } = error as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
    readonly message?: unknown;
  };
  if (typeof responseCode === 'number') return `the mail server answered ${responseCode}`;
  if (typeof code === 'string') return `the mail server could not be used: ${code}`;
  return message === 'it took too long' ? message : 'the mail server could not be used';
}
