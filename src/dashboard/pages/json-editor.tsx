/** A document of the API as JSON: read, changed, sent; what is wrong with it is said below it. */
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';

type Document = Readonly<Record<string, unknown>>;

/** Throws what a person understands. */
function documentOf(text: string): Document {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`That is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return { ...document };
  }
  throw new Error('The document is an object: it begins with { and ends with }.');
}

export function JsonEditor({
  label,
  hint,
  document,
  action,
  disabledBecause,
  onSave,
}: {
  readonly label: string;
  readonly hint: string;
  readonly document: Document;
  readonly action: string;
  readonly disabledBecause: string | null;
  readonly onSave: (document: Document) => Promise<unknown>;
}) {
  const before = JSON.stringify(document, null, 2);
  const [text, setText] = useState(before);
  const { error, isBusy, onSubmit } = useSubmit(async () => onSave(documentOf(text)));
  const same = text === before ? 'Nothing is changed.' : null;
  return (
    <div className="space-y-3">
      <TextArea label={label} hint={hint} value={text} onChange={setText} rows={18} />
      {error !== null && <ErrorBox error={error} />}
      <div className="flex gap-2">
        <Button
          look="strong"
          isBusy={isBusy}
          disabledBecause={disabledBecause ?? same}
          onClick={() => onSubmit()}
        >
          {action}
        </Button>
        <Button disabledBecause={same} onClick={() => setText(before)}>
          Take back
        </Button>
      </div>
    </div>
  );
}
