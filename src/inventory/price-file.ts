/** What IaaS said that their sizes cost: `.stratos/prices.json`, which may be lost. */
import type { PricedSize } from '../model/vm-size.ts';
import { stateFile, type StateFile } from './state-file.ts';

/** What one IaaS told. */
export interface PriceTable {
  /** When, in ms since 1970. */
  readonly at: number;
  /** Of which entry of the spec, as JSON: another region has other prices. It holds no secret, as entries name them only. */
  readonly of: string;
  readonly sizes: readonly PricedSize[];
  /** It did not answer; the sizes are those of the time before. */
  readonly failed?: true;
}

/** By the spec's name of the IaaS. */
export type PriceTables = Readonly<Record<string, PriceTable>>;

/** The file of a project. */
export function priceFile(directory: string, onWarning: (message: string) => void): StateFile<PriceTables> {
  return stateFile<PriceTables>(directory, {
    name: 'prices.json',
    what: 'prices',
    loss: 'they are asked for again',
    ...{ empty: {}, problemOf, onWarning },
  });
}

function problemOf(value: unknown): string | undefined {
  if (!isFields(value)) return 'it has no tables';
  for (const [name, table] of Object.entries(value)) {
    if (!isFields(table) || typeof table.at !== 'number' || typeof table.of !== 'string' || !Array.isArray(table.sizes))
      return `${name} has no table`;
    if (!table.sizes.every((size) => isFields(size) && typeof size.cpu === 'number' && typeof size.memory === 'number'))
      return `${name} has sizes that are none`;
  }
  return undefined;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
