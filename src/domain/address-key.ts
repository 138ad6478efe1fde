/**
 * Whom a limit per address counts: an IPv4 address, or the /64 network of an IPv6 address, since
 * one customer of any provider has at least that many to choose from.
 */

/** Groups of an IPv6 address, and how many of them name the network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

const MAPPED_IPV4 = /^::ffff:([0-9.]+)$/i;

/** `address` as a socket reports it; undefined if it is not known, as when it has closed. */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const ipv4 = MAPPED_IPV4.exec(address)?.[1] ?? address;
  return ipv4.includes(':') ? networkOf(ipv4) : ipv4;
}

function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%');
  const [before = '', after] = plain.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Math.max(0, GROUPS - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
