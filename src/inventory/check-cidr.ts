/** Networks of the spec. */
import { formatAddress, parseCidr } from '../lxc/network.ts';
import type { ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import type { Entry, Section } from './spec-files.ts';

/** Reports a network that is none, that does not begin at its first address, or that is too small or too large to use. */
export function checkCidr(context: ResolveContext, section: Section, entry: Entry, key: string, cidr: string): void {
  const name = [section, entry.name, key].join('.');
  const parsed = parseCidr(cidr);
  if (!parsed) {
    context.report(section, entry, [key], `${name} must be an IPv4 network such as 10.66.0.0/22: ${showValue(cidr)}`);
    return;
  }
  const first = `${formatAddress(parsed.base)}/${String(parsed.prefix)}`;
  if (first !== cidr)
    context.report(
      section,
      entry,
      [key],
      `${name} must begin at the first address of its network: ${showValue(cidr)}`,
      { suggestion: first },
    );
  if (parsed.prefix > 29 || parsed.prefix < 8)
    context.report(section, entry, [key], `${name} must be a network from /8 to /29: ${showValue(cidr)}`);
}

/** Whether two networks have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [one, two] = [parseCidr(a), parseCidr(b)];
  if (!one || !two) return false;
  const end = ({ base, prefix }: typeof one): number => base + 2 ** (32 - prefix);
  return one.base < end(two) && two.base < end(one);
}
