/** The verbs of Nova that are used. */
import type { JsonService } from './json-service.ts';
import type { Server } from './server.ts';

type Signal = AbortSignal | undefined;

export interface Compute {
  /** All servers that have these tags, of all pages, in any state. */
  list(what: string, tags: readonly string[], signal?: Signal): Promise<readonly Server[]>;
  /** Undefined when there is none. */
  find(what: string, id: string, signal?: Signal): Promise<Server | undefined>;
  /** Asks for a server; it comes later. @returns its id */
  create(what: string, body: object, signal?: Signal): Promise<string>;
  act(what: string, id: string, action: string, facts: object | null, signal?: Signal): Promise<unknown>;
  /** No effect when it is gone already. */
  remove(what: string, id: string): Promise<void>;
}

/** Most servers of one page; a cloud may give fewer. */
const PAGE = 1000;

/** Makes the client; nothing is asked yet. */
export function computeOf(service: JsonService, page = PAGE): Compute {
  return {
    async list(what, tags, signal) {
      const all: Server[] = [];
      for (let marker: string | undefined, more = true; more; marker = all.at(-1)?.id) {
        const query = { tags: tags.join(','), limit: page, marker };
        const answer = (await service.ask({ what, path: 'servers/detail', query, signal })) as ServerPage;
        all.push(...answer.servers);
        more = answer.servers.length > 0 && (answer.servers_links ?? []).some(({ rel }) => rel === 'next');
      }
      // One that was made meanwhile may be told of twice.
      return [...new Map(all.map((server) => [server.id, server])).values()];
    },
    async find(what, id, signal) {
      // Else it would be a path of its own.
      if (!/^[\w-]+$/.test(id)) return undefined;
      const answer = (await service.find({ what, path: `servers/${id}`, signal })) as { server: Server } | undefined;
      return answer?.server;
    },
    async create(what, json, signal) {
      const answer = await service.ask({ what, method: 'POST', path: 'servers', json, signal });
      return (answer as { server: { id: string } }).server.id;
    },
    act: (what, id, action, facts, signal) =>
      service.ask({ what, method: 'POST', path: `servers/${id}/action`, json: { [action]: facts }, signal }),
    async remove(what, id) {
      await service.find({ what, method: 'DELETE', path: `servers/${id}` });
    },
  };
}

interface ServerPage {
  readonly servers: readonly Server[];
  readonly servers_links?: readonly { readonly rel: string }[];
}
