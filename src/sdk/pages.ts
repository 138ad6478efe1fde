/** Lists that come page by page. */

/** Fetched at once, where nobody says how many. */
export const PAGE_SIZE = 100;

type Page = { readonly next: string | null };

/** Everything on the pages that `page` gives, fetched as the loop asks for them. */
export async function* onPages<P extends Page, T>(
  page: (place: { after?: string }) => Promise<P>,
  rows: (page: P) => readonly T[],
): AsyncGenerator<T, void, void> {
  let place: { after?: string } = {};
  for (;;) {
    const found = await page(place);
    yield* rows(found);
    if (found.next === null) return;
    place = { after: found.next };
  }
}
