import { Select as Base } from '@base-ui/react/select';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon } from './icon.tsx';
import { useRefused } from './refused-field.ts';

type FieldProps = {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

/** One line of text under its name. */
export function TextField({
  label,
  name,
  hint,
  value,
  onChange,
  placeholder,
  type = 'text',
  isCode = false,
  isRequired = false,
}: FieldProps & {
  /** As the API calls it, so that what it refuses is told here. */
  readonly name?: string;
  readonly placeholder?: string;
  readonly type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'datetime-local';
  readonly isCode?: boolean;
  readonly isRequired?: boolean;
}) {
  const id = useId();
  const { isRefused, place } = useRefused(name);
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-xs font-medium">
        {label}
      </label>
      <input
        ref={place}
        id={id}
        aria-invalid={isRefused || undefined}
        type={type}
        value={value}
        required={isRequired}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        className={`control w-full ${isRefused ? 'border-bad!' : 'border-line-strong!'} ${isCode ? 'font-mono' : ''}`}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-xs text-ink-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextArea({
  label,
  hint,
  value,
  onChange,
  rows = 12,
}: FieldProps & { readonly rows?: number }) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-xs font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        className="w-full rounded-md border border-line-strong bg-surface p-3 font-mono text-xs"
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-xs text-ink-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

export type Choice<V extends string> = { readonly value: V; readonly text: string };

/** One of a few, by keyboard and pointer. */
export function Select<V extends string>({
  label,
  value,
  choices,
  onChange,
  isLabelHidden = false,
}: {
  readonly label: string;
  readonly value: V;
  readonly choices: readonly Choice<V>[];
  readonly onChange: (value: V) => void;
  readonly isLabelHidden?: boolean;
}) {
  const id = useId();
  const chosen = choices.find((one) => one.value === value);
  return (
    <div className={isLabelHidden ? '' : 'space-y-1'}>
      <span id={id} className={isLabelHidden ? 'sr-only' : 'block text-xs font-medium'}>
        {label}
      </span>
      <Base.Root value={value} onValueChange={(next) => next !== null && onChange(next)}>
        <Base.Trigger
          aria-labelledby={id}
          className={`control justify-between hover:bg-sunken ${isLabelHidden ? '' : 'w-full'} border-line-strong!`}
        >
          <span>
            {isLabelHidden && <span className="text-ink-soft">{label}: </span>}
            {chosen?.text ?? value}
          </span>
          <Icon name="down" />
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
            <Base.Popup
              aria-labelledby={id}
              className="max-h-80 min-w-40 overflow-y-auto rounded-md border border-line bg-raised p-1 text-sm shadow-xl"
            >
              {choices.map((one) => (
                <Base.Item
                  key={one.value}
                  value={one.value}
                  className="flex cursor-pointer items-center justify-between gap-4 rounded px-2 py-1 -outline-offset-2 data-highlighted:bg-sunken"
                >
                  <Base.ItemText>{one.text}</Base.ItemText>
                  <Base.ItemIndicator>
                    <Icon name="check" />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </div>
  );
}

/** Letters that come within this are one word. */
const TYPED_WITHIN_MS = 150;

/** Something to be searched for. It is told of when the fingers rest: what follows may take longer than a letter. */
export function SearchField({ label, value, onChange }: Omit<FieldProps, 'hint'>) {
  const [text, setText] = useState(value);
  const told = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;
  // Another value than what was typed here: somebody has gone back, or chosen a saved one.
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const rest = setTimeout(() => {
      told.current = text;
      tell.current(text);
    }, TYPED_WITHIN_MS);
    return () => clearTimeout(rest);
  }, [text]);
  return (
    <label className="control border-line-strong! focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent">
      <span className="text-ink-soft">
        <Icon name="search" />
      </span>
      <span className="sr-only">{label}</span>
      <input
        type="search"
        value={text}
        placeholder={label}
        onChange={(event) => setText(event.target.value)}
        className="w-40 min-w-0 bg-transparent outline-none placeholder:text-ink-soft"
      />
    </label>
  );
}
