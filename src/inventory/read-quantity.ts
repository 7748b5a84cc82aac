/** Quantities that the schema accepted, with what holds where there is none. */
import {
  bytes,
  cores,
  millis,
  parseBitRate,
  parseBytes,
  parseCores,
  parseDuration,
  parsePercent,
} from '../model/quantity.ts';
import type { BitRate, Bytes, Cores, Millis } from '../model/quantity.ts';
import type { VmSize } from '../model/vm-size.ts';
import type { RawSize } from './raw/policies.ts';

const GIB = 2 ** 30;

/** Parses a size that the schema accepted; `fallback` where there is none. */
export function sizeOf(raw: number | string | undefined, fallback: number): Bytes {
  return raw === undefined ? bytes(fallback) : (parseBytes(raw) ?? bytes(fallback));
}

/** Parses a number of cores that the schema accepted. */
export function coresOf(raw: number | string | undefined, fallback: number): Cores {
  return raw === undefined ? cores(fallback) : (parseCores(raw) ?? cores(fallback));
}

/** Parses a bit rate that the schema accepted; undefined where there is none. */
export function rateOf(raw: string | undefined): BitRate | undefined {
  return raw === undefined ? undefined : parseBitRate(raw);
}

/** Parses a duration that the schema accepted. */
export function durationOf(raw: string | undefined, fallback: number): Millis {
  return raw === undefined ? millis(fallback) : (parseDuration(raw) ?? millis(fallback));
}

/** Parses a percentage that the schema accepted, as a fraction. */
export function shareOf(raw: string | undefined, fallback: number): number {
  return raw === undefined ? fallback : (parsePercent(raw) ?? fallback);
}

/** What a VM offers: one core and 1 GiB where nothing else is said. */
export function vmSizeOf(raw: RawSize | undefined): VmSize {
  return {
    cpu: coresOf(raw?.cpu, 1),
    memory: sizeOf(raw?.memory, GIB),
    ...(raw?.disk === undefined ? {} : { disk: sizeOf(raw.disk, 0) }),
  };
}
