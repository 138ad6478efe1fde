/** What an address of a client says of it. */
export { addressKey } from '../domain/address-key.ts';

const MAPPED_IPV4 = /^::ffff:([0-9.]+)$/i;

/** Whether what comes from `address` has not left this machine. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = MAPPED_IPV4.exec(address)?.[1] ?? address;
  return plain === '::1' || plain.startsWith('127.');
}
