import { beforeAll, describe, expect, test } from 'vitest';
import {
  BackendLogin,
  LOGIN_ANSWER_BYTES_MAX,
  type LoginStep,
  startupMessage,
} from './backend-login.ts';
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  backendKeyData,
  int32,
  message,
  readyForQuery,
} from './messages.ts';
import { readPasswordMessage, readSaslInitialResponse } from './sasl.ts';
import { sha256 } from './scram.ts';
import { ScramClient } from './scram-client.ts';
import { ScramServer } from './scram-server.ts';
import { readStartupPacket } from './startup.ts';
import { ITERATIONS, keysOf, type ScramKeys } from './verifier.ts';

const SALT = Buffer.alloc(16, 7);
const IDLE = 0x49;
const KEY = { processId: 4711, secret: Buffer.from([1, 2, 3, 4]) };
const SERVER_VERSION = message('S', Buffer.from('server_version\x0018.4\0'));
const NOTICE = message('N', Buffer.from('SNOTICE\0C00000\0Mhello\0\0'));
const WELCOME = [SERVER_VERSION, NOTICE, backendKeyData(KEY.processId, KEY.secret)];

let keys: ScramKeys;

beforeAll(async () => {
  keys = await keysOf('pencil', { salt: SALT, iterations: ITERATIONS });
});

/** A compute that asks for SCRAM, and what it says once the client is in. */
class Compute {
  readonly #scram = new ScramServer({
    secret: {
      iterations: ITERATIONS,
      salt: SALT,
      storedKey: sha256(keys.clientKey),
      serverKey: keys.serverKey,
    },
    nonce: 'compute',
    channelBinding: null,
  });
  readonly #afterProof: readonly Buffer[];
  #hasChallenged = false;

  constructor(afterProof: readonly Buffer[]) {
    this.#afterProof = afterProof;
  }

  answer(sent: Buffer): Buffer {
    const { body } = readPasswordMessage(sent) ?? { body: Buffer.alloc(0) };
    if (!this.#hasChallenged) {
      this.#hasChallenged = true;
      const { mechanism, data } = readSaslInitialResponse(body);
      return authenticationSaslContinue(this.#scram.challenge(mechanism, data));
    }
    const proven = this.#scram.finish(body);
    if (proven === undefined) return message('E', Buffer.from('SFATAL\0C28P01\0Mwrong\0\0'));
    return Buffer.concat([authenticationSaslFinal(proven.serverFinal), ...this.#afterProof]);
  }
}

type Login = { readonly clientKey?: Uint8Array; readonly pieces?: (bytes: Buffer) => Buffer[] };

/** Plays a login to its end. */
function logIn(afterProof: readonly Buffer[], { clientKey, pieces }: Login = {}): LoginStep {
  const compute = new Compute(afterProof);
  const { serverKey } = keys;
  const scram = new ScramClient({ clientKey: clientKey ?? keys.clientKey, serverKey, nonce: 'n' });
  const login = new BackendLogin(scram);
  const inPieces = pieces ?? ((bytes: Buffer) => [bytes]);
  let step: LoginStep = { kind: 'wait' };
  let said = authenticationSasl(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']);
  for (let turn = 0; turn < 3; turn++) {
    for (const piece of inPieces(said)) step = login.feed(piece);
    if (step.kind !== 'send') return step;
    said = compute.answer(step.bytes);
  }
  return step;
}

/** A compute that says only this. */
const hear = (...said: readonly Buffer[]): LoginStep =>
  new BackendLogin(new ScramClient({ clientKey: keys.clientKey, nonce: 'n' })).feed(
    Buffer.concat(said),
  );

const ACCEPTED = {
  kind: 'accepted',
  accepted: {
    key: KEY,
    greeting: Buffer.concat([SERVER_VERSION, NOTICE]),
    rest: Buffer.alloc(0),
    status: IDLE,
  },
};

describe('login to a compute', () => {
  test('ends with its key, its greeting as it came, and its status', () => {
    expect(logIn([authenticationOk(), ...WELCOME, readyForQuery(IDLE)])).toEqual(ACCEPTED);
  });

  test('is the same byte by byte', () => {
    const pieces = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));
    const step = logIn([authenticationOk(), ...WELCOME, readyForQuery(IDLE)], { pieces });
    expect(step).toEqual(ACCEPTED);
  });

  test('keeps what comes after ReadyForQuery', () => {
    const step = logIn([authenticationOk(), ...WELCOME, readyForQuery(IDLE), NOTICE]);
    expect(step).toEqual({ ...ACCEPTED, accepted: { ...ACCEPTED.accepted, rest: NOTICE } });
  });

  test('hands on an error as it came, before or after the proof', () => {
    const response = message('E', Buffer.from('SFATAL\0VFATAL\0C3D000\0Mno database\0\0'));
    const refused = { kind: 'refused', response, sqlstate: '3D000' };
    expect(hear(response)).toEqual(refused);
    expect(logIn([authenticationOk(), response])).toEqual(refused);
  });

  test('a wrong key is refused by the compute, with its SQLSTATE', () => {
    const step = logIn([], { clientKey: Buffer.alloc(32, 1) });
    expect(step).toMatchObject({ kind: 'refused', sqlstate: '28P01' });
  });

  test('a compute that does not know the verifier is not believed', () => {
    const forged = authenticationSaslFinal(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`));
    const { clientKey, serverKey } = keys;
    const login = new BackendLogin(new ScramClient({ clientKey, serverKey, nonce: 'n' }));
    login.feed(authenticationSasl(['SCRAM-SHA-256']));
    const salt = SALT.toString('base64');
    login.feed(authenticationSaslContinue(Buffer.from(`r=nX,s=${salt},i=4096`)));
    expect(() => login.feed(forged)).toThrow('signed wrongly');
  });

  test.each([
    ['lets us in without a proof', () => hear(authenticationOk()), 'without a proof'],
    ['wants the password in clear', () => hear(message('R', int32(3))), 'other than SCRAM'],
    ['wants MD5', () => hear(message('R', int32(5), Buffer.alloc(4))), 'other than SCRAM'],
    ['offers only channel binding', () => hear(authenticationSasl(['X'])), 'offers no SCRAM'],
    ['is ready at once', () => hear(readyForQuery(IDLE)), 'before its time'],
    [
      'is ready without a key',
      () => logIn([authenticationOk(), readyForQuery(IDLE)]),
      'before its time',
    ],
    ['sends a length of zero', () => hear(Buffer.from('R\0\0\0\0')), 'message of 0 bytes'],
    ['sends an endless message', () => hear(Buffer.from('S\x7f\xff\xff\xff', 'latin1')), 'bytes'],
    [
      'greets without end',
      () => hear(...Array.from({ length: 5 }, () => message('N', Buffer.alloc(60_000)))),
      'too much',
    ],
    ['sends a cut key', () => hear(message('K', Buffer.alloc(2))), 'outside buffer'],
  ])('a compute that %s is no compute of ours', (_name, play, why) => {
    expect(play).toThrow(why);
  });

  test('a greeting up to the limit is taken', () => {
    const notice = message('N', Buffer.alloc(LOGIN_ANSWER_BYTES_MAX - 1_000));
    const step = logIn([authenticationOk(), notice, ...WELCOME, readyForQuery(IDLE)]);
    expect(step.kind).toBe('accepted');
  });
});

test('the startup message carries every parameter, in protocol 3.0', () => {
  const parameters = new Map([
    ['database', 'Straße'],
    ['options', "-c search_path='a b'"],
    ['user', 'acme'],
  ]);
  const bytes = startupMessage(parameters);
  expect(readStartupPacket(bytes)).toEqual({
    packet: { kind: 'startup', asked: { major: 3, minor: 0 }, parameters, extensions: [] },
    length: bytes.length,
  });
});
