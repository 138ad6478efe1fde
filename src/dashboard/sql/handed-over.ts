/** A statement on its way from another page to the editor, for each database by its id. */
const onTheWay = new Map<string, string>();

export const handOver = (tenant: string, sql: string): void => {
  onTheWay.set(tenant, sql);
};

/** Undefined if nothing is on its way. */
export const handedOver = (tenant: string): string | undefined => onTheWay.get(tenant);

/** The editor has it. */
export const arrived = (tenant: string): void => {
  onTheWay.delete(tenant);
};
