/**
 * A view of `target` that ends when its holder is killed: from then on no call reaches the target,
 * and no promise it had given settles, as for a process that is gone. Work begun goes on.
 */
export function mortal<T extends object>(target: T, alive: () => boolean): T {
  const never = new Promise<never>(() => {});
  return new Proxy(target, {
    get(_, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        if (!alive()) return never;
        const guarded = args.map((arg) => (typeof arg === 'function' ? guard(arg, alive) : arg));
        const result: unknown = Reflect.apply(member, target, guarded);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (value) => (alive() ? value : never),
          (error: unknown) => (alive() ? Promise.reject(error) : never),
        );
      };
    },
  });
}

const guard =
  (call: object, alive: () => boolean) =>
  (...args: unknown[]): unknown =>
    alive() ? Reflect.apply(call as () => unknown, undefined, args) : undefined;
