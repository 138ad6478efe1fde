import { useState } from 'react';
import { Button } from './button.tsx';
import { complain } from './toast.tsx';

/** Long enough to be read. */
const TOLD_FOR_MS = 1_500;

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await toClipboard(text);
    } catch (error) {
      complain(error);
      return;
    }
    setDone(true);
    setTimeout(() => setDone(false), TOLD_FOR_MS);
  };
  return (
    <>
      <Button
        look="quiet"
        icon={isDone ? 'check' : 'copy'}
        label={label}
        onClick={() => void copy()}
      />
      <output className="sr-only">{isDone ? 'Copied' : ''}</output>
    </>
  );
}

/** A page that did not come over TLS has no clipboard of its own, from another machine: the old way serves there. */
export async function toClipboard(text: string): Promise<void> {
  if (window.isSecureContext) return await navigator.clipboard.writeText(text);
  const copy = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.clipboardData?.setData('text/plain', text);
  };
  document.addEventListener('copy', copy);
  const isDone = document.execCommand('copy');
  document.removeEventListener('copy', copy);
  if (!isDone) throw new Error('The browser lets nothing be copied here: select the text instead.');
}

/** A text to be taken along: it can be selected whole, and copied. */
export function Snippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className="flex min-w-0 items-start gap-1 rounded-md border border-line bg-sunken py-1 pr-1 pl-3">
      <pre className="min-w-0 flex-1 self-center font-mono text-xs break-all whitespace-pre-wrap select-all">
        {text}
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
