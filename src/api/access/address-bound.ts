/**
 * Connections of each address are bounded: those who send slowly, or nothing, keep nobody from elsewhere out meanwhile.
 *
 * This machine's own and those of proxies in front of it are anybody's, so these are not counted.
 */
import type { Server } from 'node:net';
import { addressKey } from '../../domain/address-key.ts';

export type AddressBound = {
  readonly max: number;
  readonly isCounted: (address: string) => boolean;
};

export function boundAddresses(server: Server, { max, isCounted }: AddressBound): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || !isCounted(remoteAddress)) return;
    const key = addressKey(remoteAddress);
    const count = open.get(key) ?? 0;
    if (count >= max) {
      socket.destroy();
      return;
    }
    open.set(key, count + 1);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}
