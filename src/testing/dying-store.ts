/** A store that dies once. */

/** The `n`th call from now fails, before it is done or after; the ones behind it are done. */
export function dyingStore<Store extends object>(
  store: Store,
  n: number,
  when: 'before' | 'after',
): Store {
  let left = n;
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        const isLast = left-- === 0;
        if (isLast && when === 'before') throw new Error('died');
        const done: unknown = await Reflect.apply(value, target, given);
        if (isLast) throw new Error('died');
        return done;
      };
    },
  });
}
