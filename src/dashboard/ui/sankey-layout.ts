/** Where bands run between two columns of the same names, each as thick as it is often. Pure. */

export type Flow = { readonly from: string; readonly to: string; readonly times: number };

export type Node = { readonly name: string; readonly y: number; readonly height: number };

export type Band = Flow & {
  readonly y0: number;
  readonly y1: number;
  readonly thickness: number;
};

export type Layout = {
  readonly left: readonly Node[];
  readonly right: readonly Node[];
  readonly bands: readonly Band[];
};

/** Flows between the same two are added; names without any have no place. `names` is the order from the top. */
export function sankeyLayout(
  names: readonly string[],
  flows: readonly Flow[],
  { height, gap }: { readonly height: number; readonly gap: number },
): Layout {
  const between = (from: string, to: string): number =>
    flows.reduce((sum, one) => sum + (one.from === from && one.to === to ? one.times : 0), 0);
  const out = (name: string): number => names.reduce((sum, to) => sum + between(name, to), 0);
  const into = (name: string): number => names.reduce((sum, from) => sum + between(from, name), 0);
  const all = names.reduce((sum, name) => sum + out(name), 0);
  const sides = [out, into].map((amount) => names.filter((name) => amount(name) > 0).length);
  const unit = all === 0 ? 0 : (height - gap * (Math.max(1, ...sides) - 1)) / all;
  const left = column(names, out, unit, { height, gap });
  const right = column(names, into, unit, { height, gap });
  const used = new Map<string, number>();
  const taken = (key: string, thickness: number): number => {
    const before = used.get(key) ?? 0;
    used.set(key, before + thickness);
    return before;
  };
  const bands = left.flatMap((from) =>
    right.flatMap((to): readonly Band[] => {
      const times = between(from.name, to.name);
      if (times === 0) return [];
      const thickness = times * unit;
      const y0 = from.y + taken(`left ${from.name}`, thickness);
      const y1 = to.y + taken(`right ${to.name}`, thickness);
      return [{ from: from.name, to: to.name, times, y0, y1, thickness }];
    }),
  );
  return { left, right, bands };
}

/** One below the other, in the middle of the height. */
function column(
  names: readonly string[],
  amount: (name: string) => number,
  unit: number,
  { height, gap }: { readonly height: number; readonly gap: number },
): readonly Node[] {
  const there = names.filter((name) => amount(name) > 0);
  const whole =
    there.reduce((sum, name) => sum + amount(name) * unit, 0) + gap * Math.max(0, there.length - 1);
  let y = (height - whole) / 2;
  return there.map((name) => {
    const node = { name, y, height: amount(name) * unit };
    y += node.height + gap;
    return node;
  });
}
