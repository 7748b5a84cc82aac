/** `stores:`, `store:` and the images that name them. */
import { isIP } from 'node:net';
import { UsageError } from '../model/errors.ts';
import type { GlanceStoreSpec, OciStoreSpec, Spec, StoreSpec } from '../model/spec.ts';
import { parseReference } from '../store/reference.ts';
import type { RawGlanceStore, RawNamedStore, RawOciStore } from './raw/stores.ts';
import type { RawCartridge } from './raw/workloads.ts';
import { projectPath, sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import { problemAt } from './spec-files.ts';
import type { Entry } from './spec-files.ts';
import { suggest } from './suggest.ts';

const LOCAL_STORE = '.stratos/store';

/** All stores, the local one and the default. */
export function resolveStores(context: ResolveContext): Pick<Spec, 'store' | 'stores' | 'defaultStore'> {
  const stores: Record<string, StoreSpec> = {};
  for (const entry of sound(context, 'stores')) {
    const raw = entry.value as RawNamedStore;
    const { name } = entry;
    if (raw.kind === 'directory')
      stores[name] = { kind: 'directory', name, path: projectPath(context.directory, raw.path) };
    else if (raw.kind === 'glance') stores[name] = glance(context, entry, raw);
    else {
      const store = oci(context, entry, raw);
      if (store) stores[name] = store;
    }
  }
  const given = context.files.store?.value ?? {};
  const path = projectPath(context.directory, given.path ?? LOCAL_STORE);
  const chosen = given.default;
  if (chosen === undefined) return { stores, store: { kind: 'directory', path } };
  if (!context.files.entries.stores.has(chosen)) unknownDefault(context, chosen);
  const store = stores[chosen];
  // A directory is no place to pull from: it is the place where images are.
  if (store?.kind === 'directory' && given.path === undefined)
    return { stores, store: { kind: 'directory', path: store.path } };
  return { stores, store: { kind: 'directory', path }, ...(store && { defaultStore: chosen }) };
}

/** Reports images whose name cannot be read, or is in a store that is not there. */
export function checkImages(context: ResolveContext): void {
  const names = context.names('stores');
  for (const entry of sound(context, 'cartridges')) {
    const { image, runtime } = entry.value as RawCartridge;
    // What the IaaS calls it is the IaaS's to read.
    if (runtime === 'vm') continue;
    try {
      const reference = parseReference(image, (name) => names.has(name));
      const store = reference.kind === 'name' ? reference.name.store : undefined;
      if (store !== undefined) context.requireName('stores', store, 'cartridges', entry, ['image']);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.report('cartridges', entry, ['image'], `cartridges.${entry.name}.image: ${error.message}`);
    }
  }
}

/** Whether a host is this machine, so that nobody on the way can read what is said in clear. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

function glance(context: ResolveContext, entry: Entry, raw: RawGlanceStore): GlanceStoreSpec {
  const { kind: _, ca, ...given } = raw;
  if (raw.url !== undefined && raw.cloud !== undefined)
    context.report('stores', entry, ['cloud'], `stores.${entry.name} has a url or a cloud, not both`);
  return {
    ...given,
    ...{ kind: 'glance', name: entry.name, directory: context.directory },
    ...(ca === undefined ? {} : { ca: projectPath(context.directory, ca) }),
  };
}

function oci(context: ResolveContext, entry: Entry, raw: RawOciStore): OciStoreSpec | undefined {
  const insecure = raw.insecure === true;
  const text = raw.url;
  const given = URL.parse(/^https?:\/\//.test(text) ? text : `https://${text}`);
  if (!given) {
    context.report('stores', entry, ['url'], `stores.${entry.name}.url must be an address: ${showValue(text)}`);
    return undefined;
  }
  const clear = insecure || isLoopback(given.hostname);
  if (given.protocol === 'http:' && !clear) {
    const message = `stores.${entry.name}.url must be https, or insecure must be true: ${showValue(text)}`;
    context.report('stores', entry, ['url'], message);
  }
  const { cert, key } = raw;
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    context.report('stores', entry, [there], `stores.${entry.name}.${there} needs ${missing}`);
  }
  // Without a scheme, what may be spoken to in clear is.
  const url = new URL(given.href);
  if (!/^https?:/.test(text) && clear) url.protocol = 'http:';
  return {
    kind: 'oci',
    name: entry.name,
    url: url.href.replace(/\/$/, ''),
    ...(raw.ca === undefined ? {} : { ca: projectPath(context.directory, raw.ca) }),
    ...(cert !== undefined &&
      key !== undefined && {
        client: { cert: projectPath(context.directory, cert), key: projectPath(context.directory, key) },
      }),
  };
}

function unknownDefault(context: ResolveContext, name: string): void {
  const { store, entries } = context.files;
  if (!store) return;
  const path = typeof (store.source.value as { store?: unknown }).store === 'string' ? ['store'] : ['store', 'default'];
  const message = `${path.join('.')} must be a name under stores: ${showValue(name)}`;
  context.problems.push(problemAt(store.source, path, message, 'value', suggest(name, entries.stores.keys())));
}
