import { describe, expect, test } from 'vitest';
import type { Instant } from '../domain/units.ts';
import { ANSWER, STATUS } from '../wire/frames.ts';
import { RequestLedger } from './ledger.ts';

/**
 * Plays a conversation: `>` and the letters of requests, `<` and those of answers, in the order in
 * which the relay sees them; `Z` is ReadyForQuery with status `I`, `t` and `e` with the others.
 */
function play(script: string, ledger = new RequestLedger(STATUS.idle)): RequestLedger {
  let isAsking = true;
  for (const letter of script.replaceAll(' ', '')) {
    const type = letter.charCodeAt(0);
    if (letter === '>' || letter === '<') isAsking = letter === '>';
    else if (isAsking) ledger.asked(type, 0 as Instant);
    else if (letter === 'Z') ledger.ready(STATUS.idle);
    else if (letter === 't') ledger.ready(STATUS.inTransaction);
    else if (letter === 'e') ledger.ready(STATUS.failed);
    else ledger.answered(type);
  }
  return ledger;
}

const IDLE: readonly (readonly [string, string])[] = [
  ['at the start', ''],
  ['after a query', '>Q <TCZ'],
  ['after a query that failed', '>Q <EZ'],
  ['after an empty query', '>Q <IZ'],
  ['after a function call', '>F <Z'],
  ['after a lone Sync', '>S <Z'],
  ['after two Syncs', '>SS <ZZ'],
  ['after an extended query', '>PBDES <12TCZ'],
  ['after an extended query that returns nothing', '>PBDES <12nCZ'],
  ['after a Flush and a late Sync', '>PBDEH <12TC >S <Z'],
  ['after a Flush alone', '>H'],
  ['after a statement is prepared and described', '>PDS <1TZ'],
  ['after a Close', '>CS <3Z'],
  ['after a portal is suspended and closed', '>PBES <12s >S <Z <Z'],
  ['after pipelined queries', '>QQQ <TCZTCZTCZ'],
  ['after a pipeline of extended queries', '>PBESPBESPBES <12CZ12CZ12CZ'],
  ['after an error skipped the rest of its run', '>PBDES <EZ'],
  ['after an error skipped a query that came before the Sync', '>PBE Q S <EZ'],
  ['after an error skipped a query that came later, before the Sync', '>PBE <E >Q >S <Z'],
  ['after an error at one Sync of a pipeline', '>PBES PBES PBES <EZ 12CZ EZ'],
  ['after a Sync whose commit failed', '>PBES <12C EZ'],
  ['after a query that follows a run without a Sync', '>PBE Q <12C TCZ'],
  ['after a query that fails behind a run without a Sync', '>PBE Q <12C EZ'],
  ['after COPY in', '>Q <G >c <CZ'],
  ['after COPY in whose data came ahead', '>Qc <G CZ'],
  ['after COPY in that the client failed', '>Q <G >f <EZ'],
  ['after COPY in that the backend failed, when the client goes on', '>Q <G EZ >c'],
  ['after COPY in that the backend failed, when the client ends in time', '>Q <G >c <EZ'],
  ['after COPY that failed before it began, with the data ahead', '>Qc <EZ'],
  ['after two COPYs in one query', '>Q <G >c <C G >c <CZ'],
  ['after two COPYs in one query, all data ahead', '>Qcc <G C G CZ'],
  ['after queries piled up behind COPY data', '>QcQQ <GCZ TCZ TCZ'],
  ['after COPY in by an extended query', '>PBE <12G >cS <CZ'],
  ['after COPY in whose early Sync was ignored', '>PBES <12G >cS <CZ'],
  ['after COPY in that ignored a Sync among its data', '>PBE <12G >S >cS <CZ'],
  ['after extended COPY with everything ahead', '>PBES cS <12GCZ'],
  ['after extended COPY that failed, without an early Sync', '>PBE <12G E >cS <Z'],
  ['after COPY out', '>Q <HCZ'],
  ['after a transaction', '>Q <Ct >Q <Ct >Q <CZ'],
  ['after a notification out of turn', '<A'],
];

const NOT_IDLE: readonly (readonly [string, string])[] = [
  ['while a query runs', '>Q <TC'],
  ['after the first answer of two', '>QQ <TCZ'],
  ['after 49 answers of 50', `>${'Q'.repeat(50)} <${'CZ'.repeat(49)}`],
  ['in a transaction', '>Q <Ct'],
  ['in a failed transaction', '>Q <Ce'],
  ['after extended messages without a Sync, all answered', '>PBEH <12C'],
  ['after an error whose Sync has not come', '>PBE <E'],
  ['after an error whose Sync has not come, with a query skipped', '>PBE <E >Q'],
  ['in COPY in', '>Q <G'],
  ['in COPY in, data ended', '>Q <G >c'],
  ['in COPY out', '>Q <H'],
  ['in an extended COPY whose Sync was ignored', '>PBES <12G >c <C'],
  ['with a second pipeline under way', '>PBES PBES <12CZ'],
  ['after a Sync too many to be sure: COPY failed', '>PBES <12G E >cS <Z'],
  ['after a Sync too many to be sure, even when all came', '>PBES <12G E >cS <ZZ'],
  ['after an answer that nothing asked for', '>Q <TCZ Z'],
  ['in replication', '>Q <W CZ'],
];

describe('ledger', () => {
  test.each(IDLE)('a session is idle %s', (_name, script) => {
    const ledger = play(script);
    expect({ idle: ledger.isIdle, busy: ledger.isBusy }).toEqual({ idle: true, busy: false });
  });

  test.each(NOT_IDLE)('a session is not idle %s', (_name, script) => {
    expect(play(script).isIdle).toBe(false);
  });

  test('what is uncertain stays so, whatever follows', () => {
    expect(play('>PBES <12G E >cS <ZZ >Q <CZ').isIdle).toBe(false);
  });

  test('a session is not busy in a transaction that waits for its client', () => {
    expect(play('>Q <Ct').isBusy).toBe(false);
  });

  test('requests are counted as outstanding, runs as one', () => {
    expect(play('>QQ PBDES').outstanding).toBe(4);
    expect(play('>QQ PBDES <TCZ').outstanding).toBe(3);
  });

  test('each ReadyForQuery ends the oldest request, and tells when that began', () => {
    const ledger = new RequestLedger(STATUS.idle);
    const sent: readonly (readonly [string, number])[] = [
      ['Q', 10],
      ['P', 20],
      ['B', 21],
      ['E', 22],
      ['S', 23],
      ['P', 30],
      ['S', 31],
      ['S', 40],
    ];
    for (const [letter, at] of sent) ledger.asked(letter.charCodeAt(0), at as Instant);
    const finished = Array.from({ length: 5 }, () => {
      const request = ledger.ready(STATUS.idle);
      return request === null ? null : { ...request };
    });
    expect(finished).toEqual([
      { since: 10, ran: true },
      { since: 20, ran: true },
      { since: 30, ran: false },
      { since: 40, ran: false },
      null,
    ]);
  });

  test('a Sync that ends a COPY counts from the first message of its run', () => {
    const ledger = new RequestLedger(STATUS.idle);
    for (const [letter, at] of Object.entries({ P: 5, B: 6, E: 7, S: 8 })) {
      ledger.asked(letter.charCodeAt(0), at as Instant);
    }
    for (const answer of [ANSWER.parseComplete, ANSWER.bindComplete, ANSWER.copyIn]) {
      ledger.answered(answer);
    }
    ledger.asked('c'.charCodeAt(0), 90 as Instant);
    ledger.asked('S'.charCodeAt(0), 91 as Instant);
    ledger.answered(ANSWER.commandComplete);
    expect(ledger.ready(STATUS.idle)).toEqual({ since: 5, ran: true });
  });

  test('a long pipeline is kept whole, also where the ring has wrapped', () => {
    const ledger = play('>QQQ <CZCZ');
    play(`>${'PBES'.repeat(1_000)}`, ledger);
    expect(ledger.outstanding).toBe(2_001);
    play(`<CZ ${'12CZ'.repeat(999)}`, ledger);
    expect(ledger.isIdle).toBe(false);
    play('<12CZ', ledger);
    expect(ledger.isIdle).toBe(true);
  });
});
