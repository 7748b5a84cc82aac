/**
 * Limits of a process that change while it runs. They are kept with it on its VM as one line, which tells what it has; what its
 * cartridge says is another such line. So nothing of them is in its fingerprint.
 */
import { formatBitRate, formatBytes } from './quantity.ts';
import type { ResourceSpec } from './spec.ts';

/** `cpu=0.25 memory=268435456 pids=512 in=10000000 out=10000000`: the limits in the order of their keys, without those that are not set. */
export function limitsText({ memory, cpu, pids, disk, bandwidth }: ResourceSpec): string {
  const all = { cpu, memory, pids, disk, in: bandwidth?.in, out: bandwidth?.out };
  return Object.entries(all)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${String(value)}`]))
    .join(' ');
}

/** The numbers of such a line by key; of a line that is none, whatever of it is one. */
export function parseLimits(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(' ').map((word) => word.split('=', 2));
  return new Map(
    pairs.flatMap(([key = '', value = '']) => (/^\d+(\.\d+)?$/.test(value) ? [[key, Number(value)] as const] : [])),
  );
}

const WORDS: Readonly<Record<string, { readonly what: string; readonly form: (value: number) => string }>> = {
  cpu: { what: 'CPU', form: String },
  memory: { what: 'memory', form: formatBytes },
  pids: { what: 'tasks', form: String },
  disk: { what: 'disk', form: formatBytes },
  in: { what: 'bandwidth in', form: formatBitRate },
  out: { what: 'bandwidth out', form: formatBitRate },
};

/** What differs between two such lines: `memory 256Mi → 512Mi, bandwidth in none → 10Mbit`. */
export function limitsChange(before: string, after: string): string {
  const [a, b] = [parseLimits(before), parseLimits(after)];
  const parts = Object.entries(WORDS).flatMap(([key, { what, form }]) => {
    const [from, to] = [a.get(key), b.get(key)];
    const said = (value: number | undefined): string => (value === undefined ? 'none' : form(value));
    return from === to ? [] : [`${what} ${said(from)} → ${said(to)}`];
  });
  return parts.length === 0 ? 'its limits are not as they should be' : parts.join(', ');
}
