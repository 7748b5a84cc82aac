/** The verbs of Glance that are used, with failures in the form of all registries. */
import { RegistryError } from '../../model/errors.ts';
import type { RegistryFailure } from '../../model/errors.ts';
import { OpenstackError } from '../../openstack/openstack-error.ts';
import type { Answer, FetchInit, OpenstackService, ServiceRequest } from '../../openstack/service.ts';
import { retrying } from '../http/retry.ts';
import type { GlanceImage } from './glance-image.ts';

type Signal = AbortSignal | undefined;

export interface GlanceClient {
  readonly name: string;
  /** All images that have these properties, page by page; `status` is `active` unless `filters` say another, or an empty one for any. */
  list(what: string, filters: Readonly<Record<string, string>>, signal: Signal): AsyncGenerator<GlanceImage>;
  get(what: string, id: string, signal: Signal): Promise<GlanceImage>;
  /** Makes an image without bytes. */
  create(what: string, fields: object, signal: Signal): Promise<GlanceImage>;
  /** Gives it its bytes, once. Asked once: what is sent cannot be sent again. */
  upload(what: string, id: string, size: number, body: FetchInit['body'], signal: Signal): Promise<void>;
  /** The bytes from `from` on. Asked once: whoever reads counts what arrived. */
  download(what: string, id: string, from: number, signal: Signal): Promise<Answer>;
  /** Sets a property. */
  set(what: string, id: string, property: string, value: string, signal: Signal): Promise<void>;
  /** Has Glance refuse to remove it, until somebody takes that back. */
  protect(what: string, id: string, signal: Signal): Promise<void>;
  /** The error of an answer that was cut. */
  cut(what: string, error: unknown, signal: Signal): unknown;
  /** Removes an image; no effect when it is not there any more. */
  remove(what: string, image: Pick<GlanceImage, 'id'>, signal: Signal): Promise<void>;
}

/** Images asked for with one question. */
const PAGE = '500';
const JSON_TYPE = 'application/json';
const PATCH_TYPE = 'application/openstack-images-v2.1-json-patch';

export interface GlanceClientSettings {
  /** Name of the store, for messages. */
  readonly name: string;
  readonly service: OpenstackService;
  /** Id of the project whose images count; default: that of who asks. Images that others offer to all are never taken for ours. */
  readonly project?: string;
}

/** Makes the client; nothing is asked yet. */
export function glanceClient({ name, service, project }: GlanceClientSettings): GlanceClient {
  const once = async (request: ServiceRequest): Promise<Answer> => {
    try {
      return await service.send(request);
    } catch (error) {
      throw asRegistryError(name, error);
    }
  };
  const send = (request: ServiceRequest): Promise<Answer> => retrying(() => once(request), request.signal);
  const json = async (request: ServiceRequest): Promise<unknown> => {
    const answer = await send(request);
    try {
      return await answer.json();
    } catch (cause) {
      throw new RegistryError(name, 'damaged', `Cannot ${request.what} as the answer of Glance is not JSON`, { cause });
    }
  };
  const patch = async (what: string, id: string, change: object, signal: Signal): Promise<void> => {
    const headers = { 'content-type': PATCH_TYPE };
    const body = JSON.stringify([change]);
    const answer = await send({ what, method: 'PATCH', path: `v2/images/${id}`, headers, body, signal });
    await answer.body?.cancel();
  };
  let owner: Promise<string | undefined> | undefined;

  return {
    name,
    async *list(what, filters, signal) {
      owner ??= project === undefined ? service.project() : Promise.resolve(project);
      const whose = await owner.catch((error: unknown) => {
        owner = undefined;
        throw asRegistryError(name, error);
      });
      const query = new URLSearchParams({
        limit: PAGE,
        visibility: 'all',
        status: 'active',
        ...(whose === undefined ? {} : { owner: whose }),
        ...filters,
      });
      if (query.get('status') === '') query.delete('status');
      let path: string | undefined = `v2/images?${query.toString()}`;
      while (path !== undefined) {
        const page = (await json({ what, path, signal })) as { images?: GlanceImage[]; next?: unknown };
        yield* page.images ?? [];
        path = typeof page.next === 'string' ? page.next.replace(/^\//, '') : undefined;
      }
    },
    get: async (what, id, signal) => (await json({ what, path: `v2/images/${id}`, signal })) as GlanceImage,
    async create(what, fields, signal) {
      const headers = { 'content-type': JSON_TYPE };
      const body = JSON.stringify(fields);
      // Repeated after an answer that was lost, it leaves an image without bytes: whoever sweeps finds it.
      return (await json({ what, method: 'POST', path: 'v2/images', headers, body, signal })) as GlanceImage;
    },
    async upload(what, id, size, body, signal) {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
      const path = `v2/images/${id}/file`;
      const answer = await once({ what, method: 'PUT', path, headers, signal, ...(body !== undefined && { body }) });
      await answer.body?.cancel();
    },
    download: (what, id, from, signal) => {
      const headers = from > 0 ? { range: `bytes=${String(from)}-` } : {};
      return once({ what, path: `v2/images/${id}/file`, headers, signal });
    },
    set: (what, id, property, value, signal) => patch(what, id, { op: 'add', path: `/${property}`, value }, signal),
    protect: (what, id, signal) => patch(what, id, { op: 'replace', path: '/protected', value: true }, signal),
    cut: (what, error, signal) => asRegistryError(name, service.cut(what, error, signal)),
    async remove(what, { id }, signal) {
      const path = `v2/images/${id}`;
      const answer = await send({ what, method: 'DELETE', path, accept: [404], signal }).catch(
        async (error: unknown) => {
          if (error instanceof RegistryError && error.message.includes('protected')) {
            const hint = `openstack image set --unprotected ${id}`;
            throw new RegistryError(name, 'refused', error.message, { hint });
          }
          if (!(error instanceof RegistryError) || error.failure !== 'refused') throw error;
          // Of two who remove one at once, Glance may refuse the later, whose image is gone.
          const now = await send({ what, path, accept: [404], signal });
          if (now.status === 404) return now;
          await now.body?.cancel();
          throw error;
        },
      );
      await answer.body?.cancel();
    },
  };
}

const FAILURES: Readonly<Record<OpenstackError['failure'], RegistryFailure>> = {
  unauthorized: 'unauthorized',
  forbidden: 'unauthorized',
  'not-found': 'not-found',
  conflict: 'refused',
  quota: 'refused',
  'rate-limited': 'rate-limited',
  unavailable: 'unavailable',
  untrusted: 'refused',
  invalid: 'refused',
};

/** A failure of a cloud as one of a registry; anything else as it is. */
export function asRegistryError(name: string, error: unknown): unknown {
  if (!(error instanceof OpenstackError)) return error;
  const { failure, message, hint, retryAfter } = error;
  return new RegistryError(name, FAILURES[failure], message, {
    cause: error,
    ...(hint !== undefined && { hint }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
