/**
 * Limits of a process that change while it runs. They are kept with it on its VM as one line, which tells what it has; what its
 * cartridge says is another such line. So nothing of them is in its fingerprint.
 */
import { formatBitRate, formatBytes } from './quantity.ts';
import type { ResourceSpec } from './spec.ts';

/**
 * `cpu=0.25 memory=268435456 pids=512 in=10000000 egress=10.0.0.0/8:443,10.1.2.3/32`: the limits in the order of their keys, without
 * those that are not set; `egress=none` where it may connect to nothing.
 */
export function limitsText({ memory, cpu, pids, disk, bandwidth, egress }: ResourceSpec): string {
  const allowed = egress && (egress.length === 0 ? 'none' : egress.join(','));
  const all = { cpu, memory, pids, disk, in: bandwidth?.in, out: bandwidth?.out, egress: allowed };
  return Object.entries(all)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${String(value)}`]))
    .join(' ');
}

/** The line of a process whose traffic is not limited any more. */
export function withoutBandwidth(text: string): string {
  return text
    .split(' ')
    .filter((word) => !/^(in|out)=/.test(word))
    .join(' ');
}

/** The values of such a line by key; of a line that is none, whatever of it is one. */
export function parseLimits(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(' ').map((word) => word.split('=', 2));
  return new Map(pairs.flatMap(([key = '', value = '']) => (value === '' ? [] : [[key, value] as const])));
}

const number =
  (form: (value: number) => string) =>
  (text: string): string =>
    form(Number(text));

const WORDS: Readonly<Record<string, { readonly what: string; readonly form: (value: string) => string }>> = {
  cpu: { what: 'CPU', form: String },
  memory: { what: 'memory', form: number(formatBytes) },
  pids: { what: 'tasks', form: String },
  disk: { what: 'disk', form: number(formatBytes) },
  in: { what: 'bandwidth in', form: number(formatBitRate) },
  out: { what: 'bandwidth out', form: number(formatBitRate) },
  egress: { what: 'egress', form: String },
};

/** What differs between two such lines: `memory 256Mi → 512Mi, bandwidth in none → 10Mbit`. */
export function limitsChange(before: string, after: string): string {
  const [a, b] = [parseLimits(before), parseLimits(after)];
  const parts = Object.entries(WORDS).flatMap(([key, { what, form }]) => {
    const [from, to] = [a.get(key), b.get(key)];
    const without = key === 'egress' ? 'anywhere' : 'none';
    const said = (value: string | undefined): string => (value === undefined ? without : form(value));
    return from === to ? [] : [`${what} ${said(from)} → ${said(to)}`];
  });
  return parts.length === 0 ? 'its limits are not as they should be' : parts.join(', ');
}
