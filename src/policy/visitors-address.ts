/** Networks and addresses as the rules of visitors name them. */

const IPV4_BITS = 32;
const IPV6_GROUPS = 8;
const GROUP_BITS = 16;
const BYTE_BITS = 8;

/** Sessions from IPv6 are known by their network of this length. */
const IPV6_BITS_MAX = 64;

type Network = {
  /** Equal for addresses of one family. */
  readonly words: readonly number[];
  readonly wordBits: number;
  readonly bits: number;
};

/** What is wrong with a network of a rule; null if it can be matched. */
export function networkFlaw(text: string): string | null {
  const network = parsedNetwork(text);
  if (network === null) return 'must be an address, or a network such as "10.0.0.0/8"';
  const isFine = network.words.length !== IPV6_GROUPS || network.bits <= IPV6_BITS_MAX;
  return isFine ? null : 'must name IPv6 as a network of /64 or wider: no finer is told apart';
}

/** Whether `address`, plain or a network itself, lies in `network`. */
export function isInNetwork(address: string, network: string): boolean {
  const [one, other] = [parsedNetwork(address), parsedNetwork(network)];
  if (one === null || other === null || one.words.length !== other.words.length) return false;
  if (one.bits < other.bits) return false;
  let left = other.bits;
  for (let at = 0; left > 0; at++) {
    const ignored = Math.max(0, other.wordBits - left);
    if ((one.words[at] ?? 0) >>> ignored !== (other.words[at] ?? 0) >>> ignored) return false;
    left -= other.wordBits;
  }
  return true;
}

function parsedNetwork(text: string): Network | null {
  const [base = '', length, ...rest] = text.trim().split('/');
  const isIpv6 = base.includes(':');
  const words = isIpv6 ? ipv6Groups(base) : ipv4Bytes(base);
  const bitsMax = isIpv6 ? IPV6_GROUPS * GROUP_BITS : IPV4_BITS;
  const bits = length === undefined ? bitsMax : wholeNumber(length, bitsMax);
  if (words === null || bits === null || rest.length > 0) return null;
  return { words, wordBits: isIpv6 ? GROUP_BITS : BYTE_BITS, bits };
}

function wholeNumber(text: string, max: number): number | null {
  return /^\d{1,3}$/.test(text) && Number(text) <= max ? Number(text) : null;
}

function ipv4Bytes(text: string): readonly number[] | null {
  const bytes = text.split('.').map((part) => wholeNumber(part, 255));
  return bytes.length === 4 && !bytes.includes(null) ? (bytes as number[]) : null;
}

function ipv6Groups(text: string): readonly number[] | null {
  const [before = '', after, ...rest] = text.toLowerCase().split('::');
  if (rest.length > 0) return null;
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null;
  return groups.map((group) => Number.parseInt(group, 16));
}
