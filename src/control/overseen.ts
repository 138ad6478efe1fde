/** A port with somebody in the way of its methods, who looks on or acts instead. */

export type Method = (...args: readonly unknown[]) => unknown;

export type Oversight<P extends object> = {
  /** Called instead of the port's own of that name. */
  readonly own?: Partial<P>;
  /** What each method becomes, those of `own` too; asked once for each, when it is first used. */
  readonly around?: (name: PropertyKey, method: Method) => Method;
};

/** `port` itself but for what is said: a method that it gets some day passes by itself. Costs a call a look into a map. */
export function overseen<P extends object>(
  port: P,
  { own = {}, around = (_name, method) => method }: Oversight<P>,
): P {
  const methods = new Map<PropertyKey, Method>();
  return new Proxy(port, {
    get(target, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const from = Object.hasOwn(own, name) ? own : target;
      const value: unknown = Reflect.get(from, name, from);
      if (typeof value !== 'function') return value;
      const method = around(name, (...args) => Reflect.apply(value, from, args));
      methods.set(name, method);
      return method;
    },
  });
}
