/** The dashboard as the operator's own product: name, logo, colours, and what customers are told. */
import { type ChangeEvent, useId, useState } from 'react';
import type { Settings } from '../../sdk/index.ts';
import { accentsOf } from '../customer/brand-colours.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { complain } from '../ui/toast.tsx';
import { SettingsPart } from './settings-part.tsx';

type Brand = Settings['branding'];

/** Of the `data:` URL. Source: contract/settings.ts. */
const LOGO_LENGTH_MAX = 131_072;

const LOGO_TYPES = 'image/svg+xml,image/png,image/webp';

export function BrandingPart({ branding }: { readonly branding: Brand }) {
  const [draft, setDraft] = useState(branding);
  const set = (change: Partial<Brand>): void => setDraft({ ...draft, ...change });
  const isColour = draft.accent === '' || accentsOf(draft.accent) !== undefined;
  const wrong =
    draft.name.trim() === ''
      ? 'It needs a name.'
      : isColour
        ? null
        : 'A colour is # and six hexadecimal digits.';
  return (
    <SettingsPart title="Your own product" change={{ branding: draft }} wrong={wrong}>
      <p className="text-ink-soft">
        What customers see in place of ours. The address is that of{' '}
        <code className="font-mono">--public-url</code>.
      </p>
      <TextField label="Name" value={draft.name} onChange={(name) => set({ name })} isRequired />
      <LogoField logo={draft.logo} onChange={(logo) => set({ logo })} />
      <AccentField accent={draft.accent} onChange={(accent) => set({ accent })} />
      <TextField
        label="Where Help leads"
        value={draft.supportUrl}
        onChange={(supportUrl) => set({ supportUrl })}
        placeholder="https://acme.example/help"
        hint="https:// or mailto:; nothing for no such link."
      />
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={draft.transparency}
          onChange={() => set({ transparency: !draft.transparency })}
        />
        Customers see tiers, and when their databases sleep
      </label>
    </SettingsPart>
  );
}

function LogoField({
  logo,
  onChange,
}: {
  readonly logo: string;
  readonly onChange: (logo: string) => void;
}) {
  const id = useId();
  const take = async ({ target }: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = target.files?.[0];
    if (file === undefined) return;
    try {
      onChange(await dataUrlOf(file));
    } catch (error) {
      complain(error);
    }
    // The same file may be chosen again.
    target.value = '';
  };
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-xs font-medium">
        Logo
      </label>
      <div className="flex flex-wrap items-center gap-3">
        <img
          src={logo === '' ? '/icon.svg' : logo}
          alt={logo === '' ? 'Ours' : 'Your logo'}
          className="h-9 max-w-40 rounded border border-line object-contain p-1"
        />
        <input
          id={id}
          type="file"
          accept={LOGO_TYPES}
          aria-describedby={`${id}-hint`}
          onChange={(event) => void take(event)}
          className="control min-w-0 flex-1 border-line-strong!"
        />
        {logo !== '' && <Button onClick={() => onChange('')}>Take ours</Button>}
      </div>
      <p id={`${id}-hint`} className="text-xs text-ink-soft">
        SVG, PNG or WebP of at most 96 kB, wide or square; shown 22 to 36 pixels high.
      </p>
    </div>
  );
}

/** Throws what is wrong with the file. */
async function dataUrlOf(file: File): Promise<string> {
  if (!LOGO_TYPES.split(',').includes(file.type)) {
    throw new Error(`${file.name} is no SVG, PNG or WebP`);
  }
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  if (url.length > LOGO_LENGTH_MAX) throw new Error(`${file.name} has more than 96 kB`);
  return url;
}

function AccentField({
  accent,
  onChange,
}: {
  readonly accent: string;
  readonly onChange: (accent: string) => void;
}) {
  const shown = accentsOf(accent);
  return (
    <div className="space-y-2">
      <TextField
        label="Colour of links and buttons"
        value={accent}
        onChange={onChange}
        isCode
        placeholder="#0a7d5c"
        hint="Made lighter or darker where it could not be read; nothing for ours."
      />
      {shown && (
        <div className="flex gap-2">
          {(
            [
              ['light', shown.light, shown.lightInk],
              ['dark', shown.dark, shown.darkInk],
            ] as const
          ).map(([theme, background, color]) => (
            <span
              key={theme}
              className="rounded-md px-3 py-1 text-xs font-medium"
              style={{ background, color }}
            >
              In the {theme} theme
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
