import { useId } from 'react';

/** A number chosen by moving it, or by arrows; its meaning stands beside its name. */
export function Slider({
  label,
  told,
  value,
  min,
  max,
  onChange,
}: {
  readonly label: string;
  /** What the value stands for. */
  readonly told: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div className="min-w-0 space-y-1">
      <div className="flex justify-between gap-4 text-xs">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <output htmlFor={id} className="tnum text-ink-soft">
          {told}
        </output>
      </div>
      <input
        id={id}
        type="range"
        value={value}
        min={min}
        max={max}
        step={1}
        aria-valuetext={told}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        className="h-6 w-full cursor-pointer accent-accent"
      />
    </div>
  );
}
