/**
 * Clients of `bench/park.ts`, in a process of their own: what they cost is not to be measured.
 *
 * Each line of stdin is a `ClientsOrder`; when its sessions are open, a line is printed. All end with
 * stdin.
 */
import { createInterface } from 'node:readline';
import { type Login, RawSession } from './raw-session.ts';

export type ClientsOrder = { readonly login: Login; readonly count: number };

const OPENED_AT_ONCE = 4;

const sessions: RawSession[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { login, count } = JSON.parse(line) as ClientsOrder;
  let left = count;
  const openSome = async (): Promise<void> => {
    while (left-- > 0) sessions.push(await RawSession.open(login));
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openSome));
  console.log('open');
}
for (const session of sessions) session.close();
