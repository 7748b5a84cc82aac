/** `network: egress:` of a cartridge: where its processes may connect to. */
import { formatAddress, parseCidr } from '../lxc/network.ts';
import type { RawCartridge } from './raw/workloads.ts';
import type { ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import type { Entry } from './spec-files.ts';

/** An address or a network, and a port or a range of ports where only those are meant. */
export const EGRESS_PATTERN = '^[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?(:[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?)?$';

/** The places in one form each and one order; undefined: anywhere. Reports what is no place. */
export function egressOf(context: ResolveContext, entry: Entry): readonly string[] | undefined {
  const egress = (entry.value as RawCartridge).network?.egress;
  if (egress === undefined) return undefined;
  if (egress === 'none') return [];
  const places = egress.flatMap((text, index) => {
    const place = placeOf(text);
    if (place === undefined)
      context.report(
        'cartridges',
        entry,
        ['network', 'egress', index],
        `egress of ${entry.name} must be an address or a network, and ports from 1 to 65535 if only those: ${showValue(text)}`,
      );
    return place ?? [];
  });
  return [...new Set(places)].sort();
}

function placeOf(text: string): string | undefined {
  const [network = '', ports] = text.split(':');
  const cidr = parseCidr(network.includes('/') ? network : `${network}/32`);
  if (!cidr) return undefined;
  const to = `${formatAddress(cidr.base)}/${String(cidr.prefix)}`;
  if (ports === undefined) return to;
  const [first = 0, last = first] = ports.split('-').map(Number);
  if (first > last || last > 65_535) return undefined;
  return first === last ? `${to}:${String(first)}` : `${to}:${String(first)}-${String(last)}`;
}
