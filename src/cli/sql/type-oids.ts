/** Types that are not shown as plain text. Source: PostgreSQL `pg_type.dat`. */

/** Written as numbers in JSON, and to the right in tables. */
export const NUMBER_OIDS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** Money: to the right, but no number. */
export const MONEY_OID = 790;

export const BOOLEAN_OID = 16;

export const JSON_OIDS: ReadonlySet<number> = new Set([114, 3802]);

/** The type of the elements, by the type of the array. */
export const ELEMENT_OF_ARRAY: ReadonlyMap<number, number> = new Map([
  [199, 114],
  [1000, 16],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1014, 1042],
  [1015, 1043],
  [1016, 20],
  [1021, 700],
  [1022, 701],
  [1028, 26],
  [1115, 1114],
  [1182, 1082],
  [1183, 1083],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
]);

/** pg's parser of this array type gives the elements as the text they are. */
export const TEXT_ARRAY_OID = 1009;
