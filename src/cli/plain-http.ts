/** Keys that go over a network in the clear. */

const LOCAL = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** What a person is warned of before a key goes to that server; null if nobody on the way can read it. */
export function plainHttpWarning(apiUrl: string): string | null {
  const url = URL.parse(apiUrl);
  if (url?.protocol !== 'http:' || LOCAL.test(url.hostname)) return null;
  return `warning: ${url.origin} is not https: whoever is on the way there can read the key\n`;
}
