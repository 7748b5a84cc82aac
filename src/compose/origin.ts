/** Says of an image where it comes from, once it is in the store of this project. */
import { hostname, userInfo } from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import type { NamedImage } from '../commands/cartridge-use-cases.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { Provenance } from '../store/provenance.ts';
import { placeOf } from './image-place.ts';

/** Version of this program. */
export const VERSION = manifest.version;

/** Hangs provenance on an image that has none yet, in the name of whoever runs this. @throws RegistryError */
export async function recordOrigin(
  deps: Deps,
  named: NamedImage,
  how: Provenance['how'],
  from: Provenance['from'],
): Promise<void> {
  const { attachProvenance } = await import('../store/provenance.ts');
  const place = await placeOf(deps, named);
  const subject = await place.registry.resolve(place.repository, named.image.digest);
  if (!subject) return;
  const at = new Date(deps.now()).toISOString();
  await attachProvenance(place, subject, { how, from, at, who: `${userInfo().username}@${hostname()}`, tool: VERSION });
}
