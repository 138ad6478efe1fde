/** A statement, and what it makes. */
export type Made = { readonly key: string; readonly sql: string };

/** `key` can only be made once `needs` is there. */
export type Need = { readonly key: string; readonly needs: string };

/**
 * The statements so that each comes after what it needs, else as they were. Of a circle, which only
 * functions can close and whose bodies are not looked at, the first comes first.
 */
export function inOrder(made: readonly Made[], needs: readonly Need[]): readonly Made[] {
  const byKey = new Map(made.map((one) => [one.key, one]));
  const needed = Map.groupBy(needs, ({ key }) => key);
  const ordered: Made[] = [];
  const begun = new Set<string>();
  for (const first of made) {
    // A chain of views may be longer than the stack is deep.
    const path = [{ one: first, next: 0 }];
    while (path.length > 0) {
      const top = path.at(-1);
      if (top === undefined) break;
      if (top.next === 0 && begun.has(top.one.key)) {
        path.pop();
        continue;
      }
      begun.add(top.one.key);
      const wanted = needed.get(top.one.key) ?? [];
      const other = wanted
        .slice(top.next)
        .findIndex(({ needs: key }) => byKey.has(key) && !begun.has(key));
      const found = other === -1 ? undefined : byKey.get(wanted[top.next + other]?.needs ?? '');
      if (found === undefined) {
        ordered.push(top.one);
        path.pop();
        continue;
      }
      top.next += other + 1;
      path.push({ one: found, next: 0 });
    }
  }
  return ordered;
}
