/** The name and the looks that the operator has given the dashboard. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Branding } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { accentsOf } from './brand-colours.ts';

export const brandQuery = queryOptions({
  queryKey: ['brand'],
  queryFn: ({ signal }) => dynabase.settings.branding({ signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

const OURS: Branding = {
  ...{ name: 'DynaBase', logo: '', accent: '', supportUrl: '' },
  ...{ transparency: false, signUp: false, plans: [] },
};

/** Until it is known, and where it cannot be, ours. */
export const useBrand = (): Branding => useQuery(brandQuery).data ?? OURS;

/** The operator's; who has given a name alone has its first letter, and nothing of ours. */
export function Logo({ size }: { readonly size: number }) {
  const { logo, name } = useBrand();
  if (logo === '' && name !== OURS.name) {
    return (
      <span
        aria-hidden="true"
        className="flex shrink-0 items-center justify-center rounded bg-accent font-semibold text-accent-ink"
        style={{ width: size, height: size, fontSize: size * 0.6 }}
      >
        {Array.from(name)[0]?.toUpperCase()}
      </span>
    );
  }
  return (
    <img
      src={logo === '' ? '/icon.svg' : logo}
      alt=""
      height={size}
      style={{ height: size, maxWidth: size * 5 }}
    />
  );
}

/** Puts the colours in force for the whole page, and the logo on its tab. */
export function useBrandColours(): void {
  const { accent, logo } = useBrand();
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon === null || logo === '') return;
    icon.removeAttribute('type');
    icon.href = logo;
  }, [logo]);
  useEffect(() => {
    const { style } = document.documentElement;
    const own = accentsOf(accent);
    if (own === undefined) {
      style.removeProperty('--accent');
      style.removeProperty('--accent-ink');
      return;
    }
    style.setProperty('--accent', `light-dark(${own.light}, ${own.dark})`);
    style.setProperty('--accent-ink', `light-dark(${own.lightInk}, ${own.darkInk})`);
  }, [accent]);
}
