/** Lists that come in pages: each answer names the next by its `Link` header (RFC 8288; distribution-spec 1.1, "Content Discovery"). */
import type { OciClient, OciRequest } from './client.ts';

/** Most pages of one list; a registry that leads in circles is not followed for ever. */
const MOST_PAGES = 10_000;

/** The JSON of all pages; none where the first is not there. @throws RegistryError */
export async function pages(client: OciClient, request: OciRequest): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let next: URL | undefined = request.url;
  for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
    const answer = await client.send({ ...request, url: next, accept: [...(request.accept ?? []), 404] });
    if (!answer.ok) {
      await answer.body?.cancel();
      break;
    }
    found.push(await answer.json());
    next = nextOf(answer.headers.get('link'), next);
  }
  return found;
}

/** Where the next page is; undefined at the last one. */
export function nextOf(link: string | null, from: URL): URL | undefined {
  for (const [, target, parameters] of (link ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (target !== undefined && /;\s*rel="?next"?(\s*[,;]|\s*$)/i.test(parameters ?? '')) {
      const next = URL.parse(target, from.href);
      // Another host must not be asked with our password, nor this page again.
      return next?.origin === from.origin && next.href !== from.href ? next : undefined;
    }
  }
  return undefined;
}
