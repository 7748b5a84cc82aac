/** Instrumentation of adapters, from outside: an adapter knows nothing of retries, rates, clocks or dry runs. */
import type { IaasProvider } from '../provider.ts';

export type Verb = 'list' | 'create' | 'start' | 'stop' | 'delete' | 'check' | 'sizes' | 'survey' | 'bake';

/** Verbs that buy, change or end something. */
export const CHANGING: ReadonlySet<Verb> = new Set<Verb>(['create', 'start', 'stop', 'delete', 'bake']);

/** What happens around a call. `subject`: the VM or the machine, where there is one. */
export type Around = <T>(call: Call, work: () => Promise<T>) => Promise<T>;

export interface Call {
  readonly iaas: string;
  readonly verb: Verb;
  readonly subject?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The same provider, each of its calls inside `around`. */
export function decorate(provider: IaasProvider, around: Around): IaasProvider {
  const call = (verb: Verb, subject?: string, signal?: AbortSignal): Call => ({
    iaas: provider.name,
    verb,
    subject,
    signal,
  });
  const { survey, sizes, bake } = provider;
  return {
    name: provider.name,
    kind: provider.kind,
    capabilities: provider.capabilities,
    list: () => around(call('list'), () => provider.list()),
    create: (request) => around(call('create', request.vm, request.signal), () => provider.create(request)),
    start: (id) => around(call('start', id), () => provider.start(id)),
    stop: (id) => around(call('stop', id), () => provider.stop(id)),
    delete: (id) => around(call('delete', id), () => provider.delete(id)),
    check: () => around(call('check'), () => provider.check()),
    ...(survey && { survey: (wanted) => around(call('survey'), () => survey(wanted)) }),
    ...(sizes && { sizes: () => around(call('sizes'), () => sizes()) }),
    ...(bake && {
      bake: (id, name, signal) => around(call('bake', id, signal), () => bake(id, name, signal)),
    }),
  };
}
