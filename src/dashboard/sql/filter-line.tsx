import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/field.tsx';
import { FILTERS, type Filter } from './page-of-rows.ts';
import type { SchemaTable } from './schema.ts';

/** Which rows are shown: those whose value in one column is like that. */
export function FilterLine({
  table,
  filter,
  onFilter,
}: {
  readonly table: SchemaTable;
  readonly filter: Filter | null;
  readonly onFilter: (filter: Filter | null) => void;
}) {
  const [column, setColumn] = useState(filter?.column ?? table.columns[0]?.name ?? '');
  const [how, setHow] = useState<Filter['how']>(filter?.how ?? 'contains');
  const [value, setValue] = useState(filter?.value ?? '');
  const isNull = how === 'is null' || how === 'is not null';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onFilter(how === 'contains' && value === '' ? null : { column, how, value });
      }}
      className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2"
    >
      <Select
        label="Where"
        isLabelHidden
        value={column}
        choices={table.columns.map(({ name }) => ({ value: name, text: name }))}
        onChange={setColumn}
      />
      <Select
        label="Match"
        isLabelHidden
        value={how}
        choices={FILTERS.map((one) => ({ value: one, text: one }))}
        onChange={setHow}
      />
      {!isNull && (
        <input
          aria-label="Value"
          placeholder="Value"
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setValue(event.target.value)}
          className="control min-w-0 flex-1 basis-40 border-line-strong! sm:max-w-56"
        />
      )}
      <Button type="submit">Filter</Button>
      {filter !== null && (
        <Button look="quiet" onClick={() => onFilter(null)}>
          Clear
        </Button>
      )}
    </form>
  );
}
