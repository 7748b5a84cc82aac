/** Images that must not run as nobody signed them whom the spec allows to. */
import type { Image } from '../model/image.ts';
import { StratosError } from '../model/errors.ts';
import type { Spec } from '../model/spec.ts';
import { refusalOf } from '../store/trust/signatures.ts';
import type { Deps } from './deps.ts';

/** Why each image is refused, by its reference in the spec; empty where the spec asks for no signatures. @throws InterruptedError */
export async function refusedImages(
  deps: Pick<Deps, 'signaturesOf'>,
  spec: Spec,
  references: Readonly<Record<string, Image | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  if (spec.trust?.requireSignature !== true) return {};
  const checked = await Promise.all(
    Object.entries(references).map(async ([reference, image]) => {
      const why = image && (await whyRefused(deps, spec, reference, image.digest));
      return why === undefined ? [] : [[reference, why] as const];
    }),
  );
  return Object.fromEntries(checked.flat());
}

/** Why one image is refused, with what to do; undefined when it may run. */
async function whyRefused(
  deps: Pick<Deps, 'signaturesOf'>,
  spec: Spec,
  reference: string,
  digest: string,
): Promise<string | undefined> {
  const named = reference === digest ? digest : `${reference} (${digest})`;
  try {
    const signatures = await deps.signaturesOf(spec, digest, reference);
    const reason = refusalOf(signatures);
    const todo = signatures.length === 0 ? 'sign' : 'verify';
    return reason && `image ${named} is refused as ${reason}: stratos cartridge ${todo} ${reference}`;
  } catch (error) {
    // What cannot be checked is not trusted; what does not need it goes on.
    if (!(error instanceof StratosError) || error.code === 'INTERRUPTED') throw error;
    return `image ${named} is refused as its signatures cannot be checked: ${error.message}`;
  }
}

/** One line for each refused image that somebody uses: a person must look, though what runs goes on. */
export function refusalAlarms(spec: Spec, refused: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(refused).flatMap((reference) => {
    const users = Object.values(spec.subscriptions)
      .filter(({ cartridge }) => spec.cartridges[cartridge]?.image === reference)
      .map(({ alias }) => alias);
    return users.length === 0 ? [] : [`image ${reference} of ${users.join(', ')} is refused`];
  });
}
