import { useState } from 'react';
import { expect, test } from 'vitest';
import { click, once, press, rendered } from '../../testing/rendered.tsx';
import { type Column, type Order, Table } from './table.tsx';

type Person = { readonly id: string; readonly age: number };

const people = (count: number): readonly Person[] =>
  Array.from({ length: count }, (_, age) => ({ id: `p${age}`, age }));

const COLUMNS: readonly Column<Person, 'age'>[] = [
  { name: 'Who', cell: ({ id }) => id },
  { name: 'Age', sort: 'age', cell: ({ age }) => <button type="button">{age}</button> },
];

const PLAIN = { label: 'People', columns: COLUMNS, idOf: ({ id }: Person) => id } as const;

/** Chooses and sorts as a page does. */
function Sample({ rows, told }: { readonly rows: readonly Person[]; readonly told: string[] }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [order, setOrder] = useState<Order>('desc');
  const onSort = (by: string, next: Order) => {
    told.push(`${by} ${next}`);
    setOrder(next);
  };
  const onChange = (next: ReadonlySet<string>) => {
    told.push([...next].join(' '));
    setChosen(next);
  };
  const sorting = { by: 'age' as const, order, onSort };
  return <Table {...PLAIN} rows={rows} sorting={sorting} selection={{ chosen, onChange }} />;
}

test('of many rows those in sight are there, and the end is told of only when it comes into sight', async () => {
  let ends = 0;
  const more = () => {
    ends += 1;
  };
  const { all, found } = await rendered(<Table {...PLAIN} rows={people(100_000)} onEnd={more} />);
  expect(all('row').length).toBeLessThan(50);
  expect(found('table', 'People').getAttribute('aria-rowcount')).toBe('-1');
  expect(ends).toBe(0);
  await rendered(<Table {...PLAIN} rows={people(15)} onEnd={more} />);
  expect(all('cell', 'p14')).toHaveLength(2);
  expect(ends).toBeGreaterThan(0);
});

test('no rows are a head alone, and nothing to be chosen', async () => {
  const { all, found } = await rendered(<Sample rows={[]} told={[]} />);
  expect(all('row')).toHaveLength(1);
  expect(found('checkbox')).toMatchObject({ checked: false, indeterminate: false });
});

test('who sorts by a column twice turns it around; of a column that the server sorts not by there is no button', async () => {
  const told: string[] = [];
  const { found, all } = await rendered(<Sample rows={people(3)} told={told} />);
  expect(all('button', 'Who')).toEqual([]);
  const head = () => found('columnheader', 'Age').getAttribute('aria-sort');
  expect(head()).toBe('descending');
  await click(found('button', 'Age'));
  expect(head()).toBe('ascending');
  await click(found('button', 'Age'));
  expect([head(), ...told]).toEqual(['descending', 'age asc', 'age desc']);
});

test('some, all and none are chosen, and the box of all says which', async () => {
  const told: string[] = [];
  const { found } = await rendered(<Sample rows={people(3)} told={told} />);
  const every = found('checkbox', 'Choose all that are loaded') as HTMLInputElement;
  await click(found('checkbox', 'Choose p1'));
  expect(every).toMatchObject({ checked: false, indeterminate: true });
  await click(every);
  expect(every).toMatchObject({ checked: true, indeterminate: false });
  await click(found('checkbox', 'Choose p0'));
  await click(found('checkbox', 'Choose p1'));
  await click(found('checkbox', 'Choose p2'));
  expect(every).toMatchObject({ checked: false, indeterminate: false });
  expect(told).toEqual(['p1', 'p0 p1 p2', 'p1 p2', 'p2', '']);
});

/** Whose rows go one by one. */
function Shrinking() {
  const [rows, setRows] = useState(people(3));
  const drop = (gone: Person) => setRows(rows.filter(({ id }) => id !== gone.id));
  const columns: readonly Column<Person>[] = [
    {
      name: 'Who',
      cell: (one) => (
        <button type="button" onKeyDown={() => drop(one)}>
          {one.id}
        </button>
      ),
    },
  ];
  return <Table {...PLAIN} rows={rows} columns={columns} />;
}

test('the focus on a row that goes is on the table', async () => {
  const { found } = await rendered(<Shrinking />);
  await press(found('button', 'p1'), 'Delete');
  expect(await once(() => document.activeElement)).toBe(found('table', 'People'));
});
