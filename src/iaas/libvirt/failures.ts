/** What libvirt's own words mean. Pure: it tells failures by text alone, in English where `LC_ALL` is `C`. */
import { IaasError, type IaasFailure } from '../../model/errors.ts';

/** The first that matches counts. */
const MEANINGS: readonly (readonly [RegExp, IaasFailure])[] = [
  // Before all that is said of hosts: an error of the transport has the words of ssh in it.
  [/HOST KEY|host key|authentication (failed|cancelled)|Failed to authenticate|access denied/i, 'unauthorized'],
  [/failed to connect to the hypervisor[^]*permission denied/i, 'unauthorized'],
  [/no connection driver|unsupported URI|uri scheme|Unable to parse URI/i, 'invalid'],
  [/domain not found|failed to get domain/i, 'not-found'],
  [/disk quota exceeded/i, 'quota'],
  [/cannot allocate memory|no space left on device|unable to allocate/i, 'no-capacity'],
  [/exists already|already exists|state change lock|timed out|operation aborted/i, 'unavailable'],
  [/(pool|vol|volume|network|interface)( |:)[^]*not found|failed to get (pool|vol|network)|not active/i, 'invalid'],
  [/unsupported configuration|invalid argument|XML error|operation is not valid|not supported/i, 'invalid'],
];

/** What virsh wrote to standard error, without its marks, on one line. */
export function wordsOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^error: /, '').trim());
  const said = lines.filter((line) => line !== '').join('; ');
  return said === '' ? 'it says no more' : said;
}

/** The failure that virsh tells of. @param what after "Cannot": `start machine 1c9d…` */
export function failureOf(iaas: string, what: string, stderr: string): IaasError {
  const words = wordsOf(stderr);
  const [, failure = 'unavailable'] = MEANINGS.find(([pattern]) => pattern.test(words)) ?? [];
  return new IaasError(iaas, failure, `Cannot ${what} as libvirt of ${iaas} refuses (${failure}): ${words}`);
}
