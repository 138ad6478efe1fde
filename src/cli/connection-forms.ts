/** Which ways to connect somebody means who names a client. */
import type { ConnectionStrings } from '../contract/inside/inside.ts';

type Form = ConnectionStrings['forms'][number];

/** The one of that kind; else all that have the word in kind or title, so that `python` and `prisma` are found too. */
export function formsFor(forms: readonly Form[], client: string): readonly Form[] {
  const word = client.toLowerCase();
  const exact = forms.filter(({ kind }) => kind === word);
  if (exact.length > 0) return exact;
  return forms.filter(({ kind, title }) =>
    `${kind} ${title.toLowerCase()}`
      .split(/[\s()/:,-]+/)
      .some((one) => one === word || one === `${word}.js`),
  );
}
