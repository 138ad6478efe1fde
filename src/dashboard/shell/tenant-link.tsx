/**
 * The way to the page of a tenant, from a list.
 *
 * The router's own link looks at every change of the URL. Where a hundred stand in a table and each letter of a filter
 * changes the URL, that is most of what a letter costs; this one knows where it leads once and for all.
 */
import { useRouter } from '@tanstack/react-router';
import type { MouseEvent } from 'react';

export function TenantLink({ name }: { readonly name: string }) {
  const router = useRouter();
  // Who is no operator is led on from there to the page of theirs.
  const to = { to: '/tenants/$ref', params: { ref: name } } as const;
  const go = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate(to);
  };
  return (
    <a
      href={`/tenants/${encodeURIComponent(name)}`}
      className="font-medium text-ink hover:underline"
      onClick={go}
      onPointerEnter={() => void router.preloadRoute(to)}
    >
      <bdi>{name}</bdi>
    </a>
  );
}
