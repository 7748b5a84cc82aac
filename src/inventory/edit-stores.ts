/** Edits of `stores:` and `store:` in stratos.yaml and its includes. */
import { UsageError } from '../model/errors.ts';
import { edit, existing } from './edit-spec.ts';
import type { EditResult } from './edit-spec.ts';
import { removeFromYaml, setInYaml } from './edit-yaml.ts';
import type { LoadSpecOptions } from './load-spec.ts';
import { NAME_PATTERN, NAME_RULE } from './schema/terms.ts';
import { showValue } from './show-value.ts';
import { placeOf } from './spec-files.ts';
import { yamlSource } from './yaml-source.ts';

/** The keys of a store, as they stand in the file. */
export type StoreValues =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'oci';
      readonly url: string;
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      readonly insecure?: boolean;
    }
  | { readonly kind: 'glance'; readonly url?: string; readonly cloud?: string; readonly ca?: string };

/**
 * Adds a store to the main file; with `makeDefault` names without a store mean it from then on.
 * @throws UsageError when the name is malformed or taken
 */
export async function addStore(
  directory: string,
  name: string,
  values: StoreValues,
  makeDefault: boolean,
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  if (!new RegExp(NAME_PATTERN).test(name))
    throw new UsageError(`Cannot add the store as its name must be ${NAME_RULE}: ${showValue(name)}`);
  return edit(directory, options, ({ files }) => {
    const taken = files.entries.stores.get(name);
    if (taken)
      throw new UsageError(`Cannot add the store as the name is taken: ${name} (${placeOf('stores', taken)})`, {
        hint: 'stratos store ls',
      });
    const source = files.main;
    const text = setInYaml(source, ['stores', name], values);
    if (!makeDefault) return { source, text };
    const given = files.store;
    if (given && given.source !== source)
      throw new UsageError(`Cannot make it the default as store: stands in another file: ${given.source.path}`);
    const isMapping = typeof (source.value as { readonly store?: unknown }).store === 'object';
    const path = isMapping ? (['store', 'default'] as const) : (['store'] as const);
    return { source, text: setInYaml(yamlSource(source.path, text), path, name) };
  });
}

/**
 * Removes a store from the file that has it, with the comment directly above it.
 * @throws NotFoundError when there is none of this name; InvalidSpecError while an image or the default needs it
 */
export async function removeStore(directory: string, name: string, options: LoadSpecOptions = {}): Promise<EditResult> {
  return edit(directory, options, ({ files }) => {
    const { source } = existing(files, 'stores', name, 'store');
    return { source, text: removeFromYaml(source, ['stores', name]) };
  });
}
