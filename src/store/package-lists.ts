/** Which packages lists by their path say are installed, for comparing. */
import { packagesIn } from './sbom/list-packages.ts';

/** Versions by name of package. */
export function packagesOf(lists: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(packagesIn(lists).packages.map(({ name, version }) => [name, version]));
}
