/**
 * How an image is named:
 *
 *     php:8.2                                   in the local store
 *     hub:team/php:8.2                          in the store `hub` of the spec
 *     registry.example:5000/team/php:8.2        at a registry, by its host (Docker's grammar)
 *     …@sha256:<64 digits>                      the same, pinned
 *     sha256:<12 to 64 digits>                  in the local store, by digest
 *
 * What a name means does not hang on what stores there are: one with a single colon is local, one with two is in a store. Only a pin
 * needs to know, as in `hub:php@sha256:…`.
 */
import { UsageError } from '../model/errors.ts';

/** An image by name. */
export interface ImageName {
  /** Name of a store of the spec. */
  readonly store?: string;
  /** `host[:port]` of a registry. */
  readonly host?: string;
  readonly repository: string;
  /** Undefined only where there is a digest. */
  readonly tag?: string;
  /** Of the manifest or index: what is behind the name must have it. */
  readonly digest?: string;
}

export type Reference =
  | {
      readonly kind: 'name';
      readonly name: ImageName;
      /** {@link formatName}: what it is called in the local store. */
      readonly text: string;
    }
  | { readonly kind: 'digest'; readonly prefix: string };

/** Whether a word before the first colon is a store: needed for pins without a tag alone. */
export type IsStore = (name: string) => boolean;

// distribution-spec 1.1, "Pulling manifests".
const COMPONENT = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(String.raw`^(?:${LABEL}(?:\.${LABEL})*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`);
const STORE = /^([a-z](?:[a-z0-9-]{0,38}[a-z0-9])?):([^]+)$/;
const DIGEST_PREFIX = /^sha256:[0-9a-f]{12,64}$/;
const FULL_DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Longest repository that is taken; most registries take no longer one. */
const MOST_NAME = 255;

/** Tag of a reference that names none. */
export const DEFAULT_TAG = 'latest';

/**
 * Reads a reference. `prefix` of a digest is `sha256:` and 12 to 64 hexadecimal digits.
 * @throws UsageError
 */
export function parseReference(text: string, isStore: IsStore = () => false): Reference {
  if (text.startsWith('sha256:')) {
    if (!DIGEST_PREFIX.test(text)) throw invalid(text, 'a digest has 12 to 64 hexadecimal digits');
    return { kind: 'digest', prefix: text };
  }
  const name = parseImageName(text, isStore);
  return { kind: 'name', name, text: formatName(name) };
}

/** Reads a reference that must be a name, and writes it out in full. @throws UsageError */
export function parseName(text: string): string {
  const reference = parseReference(text);
  if (reference.kind === 'digest') throw invalid(text, 'a name is needed here, not a digest');
  return reference.text;
}

/** Writes a name out in full: {@link parseReference} reads the same back. */
export function formatName({ store, host, repository, tag, digest }: ImageName): string {
  const place = store !== undefined ? `${store}:` : host !== undefined ? `${host}/` : '';
  return `${place}${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Whether a text is a whole sha256 digest. */
export const isDigest = (text: unknown): text is string => typeof text === 'string' && FULL_DIGEST.test(text);

/** The hexadecimal digits of a digest. */
export const hexOf = (digest: string): string => digest.slice('sha256:'.length);

function parseImageName(text: string, isStore: IsStore): ImageName {
  const at = text.indexOf('@');
  const head = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'a pin is @sha256: and 64 hexadecimal digits');
  const { store, host, rest } = placeIn(head, text, digest !== undefined, isStore);
  const colon = rest.lastIndexOf(':');
  const repository = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? (digest === undefined ? DEFAULT_TAG : undefined) : rest.slice(colon + 1);
  if (repository.length > MOST_NAME) throw invalid(text, `a name has at most ${String(MOST_NAME)} characters`);
  if (!REPOSITORY.test(repository))
    throw invalid(text, 'a name has lower-case letters, digits, and single . _ - / between them');
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, 'a tag has up to 128 letters, digits, _ . and -');
  if (store !== undefined && colon === -1 && digest === undefined)
    throw invalid(text, `a name in a store has its tag, as ${store}:${rest}:${DEFAULT_TAG}`);
  return {
    ...(store !== undefined && { store }),
    ...(host !== undefined && { host }),
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

function placeIn(
  head: string,
  text: string,
  pinned: boolean,
  isStore: IsStore,
): { readonly store?: string; readonly host?: string; readonly rest: string } {
  const slash = head.indexOf('/');
  const first = slash === -1 ? '' : head.slice(0, slash);
  // Docker's rule: what has a dot or a port, or is localhost, is a host.
  if (first.startsWith('[') || first.includes('.') || /:[0-9]+$/.test(first) || first === 'localhost') {
    if (!HOST.test(first)) throw invalid(text, `this is no host of a registry: ${JSON.stringify(first)}`);
    return { host: first, rest: head.slice(slash + 1) };
  }
  const [, store, rest] = STORE.exec(head) ?? [];
  if (store === undefined || rest === undefined) return { rest: head };
  return /[:/]/.test(rest) || (pinned && isStore(store)) ? { store, rest } : { rest: head };
}

function invalid(text: string, why: string): UsageError {
  return new UsageError(`Cannot read the image reference as ${why}: ${JSON.stringify(text.slice(0, 300))}`, {
    hint: 'stratos cartridge ls',
  });
}
