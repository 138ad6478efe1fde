/** Parts of a whole as one bar, with the words for it below: colour alone says nothing. */
import { count } from '../format/units.ts';

export type Part = { readonly name: string; readonly value: number; readonly colour: string };

export function ShareBar({
  label,
  parts,
  format = count,
  onPick,
}: {
  readonly label: string;
  readonly parts: readonly Part[];
  readonly format?: (value: number) => string;
  readonly onPick?: (name: string) => void;
}) {
  const sum = parts.reduce((all, { value }) => all + value, 0);
  return (
    <figure aria-label={label}>
      <div className="flex h-3 w-full gap-px overflow-hidden rounded bg-sunken" aria-hidden="true">
        {parts
          .filter(({ value }) => value > 0)
          .map(({ name, value, colour }) => (
            <div
              key={name}
              className="min-w-0.5 transition-[flex-grow] duration-300"
              style={{ flexGrow: value / sum, background: colour }}
            />
          ))}
      </div>
      <figcaption className="mt-2 grid grid-cols-[repeat(auto-fill,minmax(11.5rem,1fr))] gap-x-4 gap-y-1">
        {parts.map((part) => (
          <Legend key={part.name} part={part} format={format} onPick={onPick} />
        ))}
      </figcaption>
    </figure>
  );
}

function Legend({
  part: { name, value, colour },
  format,
  onPick,
}: {
  readonly part: Part;
  readonly format: (value: number) => string;
  readonly onPick: ((name: string) => void) | undefined;
}) {
  const words = (
    <>
      <span className="size-2 shrink-0 rounded-full" style={{ background: colour }} />
      <span className="truncate text-ink-soft">{name}</span>
      <span className="tnum ml-auto font-medium whitespace-nowrap">{format(value)}</span>
    </>
  );
  if (onPick === undefined)
    return <span className="flex min-h-6 items-center gap-1.5">{words}</span>;
  return (
    <button
      type="button"
      onClick={() => onPick(name)}
      className="flex min-h-6 items-center gap-1.5 rounded text-left hover:bg-sunken"
    >
      {words}
    </button>
  );
}
