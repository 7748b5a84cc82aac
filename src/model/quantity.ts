/**
 * Typed quantities. A person writes `256Mi`, `0.5`, `5m`, `70%`; everything behind `inventory/` sees numbers
 * in one unit each. The brands keep a duration from being passed where bytes are meant; they cost nothing at run time.
 */
declare const unit: unique symbol;

/** A whole number of bytes. */
export type Bytes = number & { readonly [unit]: 'bytes' };
/** CPU in cores; 0.5 is half of one core's time. */
export type Cores = number & { readonly [unit]: 'cores' };
/** Bits in a second. */
export type BitRate = number & { readonly [unit]: 'bit/s' };
/** A duration in milliseconds. */
export type Millis = number & { readonly [unit]: 'ms' };
/** A point in time in milliseconds since the epoch, UTC. */
export type Instant = number & { readonly [unit]: 'instant' };

export const bytes = (value: number): Bytes => value as Bytes;
export const cores = (value: number): Cores => value as Cores;
export const millis = (value: number): Millis => value as Millis;
export const instant = (value: number): Instant => value as Instant;

const BINARY: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const DECIMAL: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BITS: Readonly<Record<string, number>> = { Gbit: 1e9, Mbit: 1e6, kbit: 1e3, bit: 1 };
const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** Pattern of {@link parseBytes}, for the JSON Schema. */
export const BYTES_PATTERN = '^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$';
/** Pattern of {@link parseBitRate}, for the JSON Schema. */
export const BIT_RATE_PATTERN = '^[0-9]+(\\.[0-9]+)?(bit|kbit|Mbit|Gbit)$';
/** Pattern of {@link parseDuration}, for the JSON Schema. */
export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$';

/** Reads `256Mi`, `1.5G` or plain bytes, as Kubernetes writes them; undefined if it is none of these. */
export function parseBytes(text: string | number): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)?$/.exec(String(text));
  if (!match) return undefined;
  const factor = match[2] === undefined ? 1 : (BINARY[match[2]] ?? DECIMAL[match[2]] ?? 1);
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? bytes(value) : undefined;
}

/** Reads `0.5`, `2` or `500m` (thousandths of a core); undefined if it is none of these. */
export function parseCores(text: string | number): Cores | undefined {
  const match = /^(\d+(?:\.\d+)?)(m)?$/.exec(String(text));
  if (!match) return undefined;
  return cores(match[2] ? Number(match[1]) / 1000 : Number(match[1]));
}

/** Reads `10Mbit`, `1.5Gbit` in thousands, as tc and Incus write them; undefined if it is none of these. */
export function parseBitRate(text: string): BitRate | undefined {
  const match = new RegExp(BIT_RATE_PATTERN).exec(text);
  if (!match) return undefined;
  const value = Math.round(Number.parseFloat(text) * (BITS[match[2] ?? 'bit'] ?? 1));
  return Number.isSafeInteger(value) ? (value as BitRate) : undefined;
}

/** Writes bits in a second with the largest unit that keeps at most one decimal: `10Mbit`, `1.5Gbit`. */
export function formatBitRate(value: number): string {
  const [suffix, factor] = Object.entries(BITS).find(([, least]) => value >= least) ?? ['bit', 1];
  return `${String(Math.round((value / factor) * 10) / 10)}${suffix}`;
}

/** Reads `500ms`, `30s`, `5m`, `1h30m`; undefined if it is none of these. */
export function parseDuration(text: string): Millis | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  let total = 0;
  for (const [, amount, suffix] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (DURATION[suffix ?? ''] ?? 0);
  }
  return millis(Math.round(total));
}

/** Reads `70%` as 0.7; undefined if it is not a percentage of 0 to 100. */
export function parsePercent(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const value = match ? Number(match[1]) / 100 : Number.NaN;
  return value >= 0 && value <= 1 ? value : undefined;
}

/** Writes bytes with the largest binary unit that keeps at most one decimal: `256Mi`, `1.5Gi`. */
export function formatBytes(value: number): string {
  for (const suffix of ['Ti', 'Gi', 'Mi', 'Ki'] as const) {
    const factor = BINARY[suffix] ?? 1;
    if (value >= factor) return `${String(Math.round((value / factor) * 10) / 10)}${suffix}`;
  }
  return `${String(value)}B`;
}

/** Writes a duration for people: `12ms`, `3.4s`, `5m`, `2h10m`, `3d`. */
export function formatDuration(value: number): string {
  if (value < 1000) return `${String(Math.round(value))}ms`;
  if (value < 60_000) return `${String(Math.round(value / 100) / 10)}s`;
  const minutes = Math.round(value / 60_000);
  if (minutes < 60) return `${String(minutes)}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${String(hours)}h` : `${String(hours)}h${String(minutes % 60)}m`;
  return `${String(Math.round(hours / 24))}d`;
}
