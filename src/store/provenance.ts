/** Where an image comes from: who made it, when, and from what; in the form of in-toto and SLSA, so that others read it too. */
import { attach, attached } from './artifact.ts';
import type { Repository } from './artifact.ts';
import type { Descriptor } from './oci.ts';
import { hexOf } from './reference.ts';

/** `artifactType` of an in-toto statement, and its media type. */
export const PROVENANCE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
const PREDICATE = 'https://slsa.dev/provenance/v1';
/** How images come to be here; each is described in docs/cartridges.md. */
const BUILD_TYPE = 'urn:stratos:';
const LARGEST = 2 ** 20;

export interface Provenance {
  readonly how: 'build' | 'commit' | 'import';
  /** `user@host`. Nobody vouches for it but who signs the image. */
  readonly who: string;
  /** ISO 8601: when it was done. */
  readonly at: string;
  /** What it was made from: the base image, the directory, the archive, the process. */
  readonly from: readonly Material[];
  /** Version of Stratos. */
  readonly tool: string;
}

/** Begins the `uri` of an image. */
export const IMAGE_URI = 'cartridge:';

export interface Material {
  /** `cartridge:php:8.2`, `debootstrap:bookworm`, `dir:cartridges/php`, `file:nginx.tar`, `process:shop-1`. */
  readonly uri: string;
  /** `sha256:…`, where it is known. */
  readonly digest?: string;
}

/** The statement about an image (in-toto Statement 1, SLSA Provenance 1). */
export function statementOf(digest: string, { how, who, at, from, tool }: Provenance): object {
  return {
    _type: STATEMENT,
    subject: [{ name: digest, digest: { sha256: hexOf(digest) } }],
    predicateType: PREDICATE,
    predicate: {
      buildDefinition: {
        buildType: `${BUILD_TYPE}${how}:v1`,
        externalParameters: { who },
        resolvedDependencies: from.map(({ uri, digest: of }) => ({
          uri,
          ...(of !== undefined && { digest: { sha256: hexOf(of) } }),
        })),
      },
      runDetails: {
        builder: { id: 'urn:stratos', version: { stratos: tool } },
        metadata: { finishedOn: at },
      },
    },
  };
}

/** Reads a statement; undefined when it is none, of another form, or about another image. */
export function parseStatement(text: string, about: string): Provenance | undefined {
  try {
    const value = JSON.parse(text) as StatementShape;
    const { buildDefinition, runDetails } = value.predicate;
    const how = buildDefinition.buildType.slice(BUILD_TYPE.length).replace(/:v1$/, '');
    const isOurs =
      value.predicateType === PREDICATE && value.subject.some(({ digest }) => digest.sha256 === hexOf(about));
    if (!isOurs || (how !== 'build' && how !== 'commit' && how !== 'import')) return undefined;
    return {
      how,
      who: String(buildDefinition.externalParameters.who),
      at: String(runDetails.metadata.finishedOn),
      tool: String(runDetails.builder.version.stratos),
      from: buildDefinition.resolvedDependencies.map(({ uri, digest }) => ({
        uri: String(uri),
        ...(typeof digest?.sha256 === 'string' && { digest: `sha256:${digest.sha256}` }),
      })),
    };
  } catch {
    return undefined;
  }
}

interface StatementShape {
  readonly predicateType: unknown;
  readonly subject: readonly { readonly digest: { readonly sha256: unknown } }[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: { readonly who: unknown };
      readonly resolvedDependencies: readonly {
        readonly uri: unknown;
        readonly digest?: { readonly sha256: unknown };
      }[];
    };
    readonly runDetails: {
      readonly builder: { readonly version: { readonly stratos: unknown } };
      readonly metadata: { readonly finishedOn: unknown };
    };
  };
}

/**
 * Hangs the provenance on an image that has none yet: the same image made once more, or found to be there already, keeps what was
 * said of it first. @throws RegistryError
 */
export async function attachProvenance(
  place: Repository,
  subject: Descriptor,
  provenance: Provenance,
  signal?: AbortSignal,
): Promise<void> {
  const { digest } = subject;
  if ((await readProvenance(place, digest, signal)) !== undefined) return;
  const bytes = new TextEncoder().encode(JSON.stringify(statementOf(digest, provenance)));
  await attach(place, subject, { artifactType: PROVENANCE, content: { mediaType: PROVENANCE, bytes } }, signal);
}

/** What is said of an image first; undefined where nobody said anything that is understood. @throws RegistryError */
export async function readProvenance(
  place: Repository,
  digest: string,
  signal?: AbortSignal,
): Promise<Provenance | undefined> {
  const found = await attached(place, digest, {
    artifactType: PROVENANCE,
    maxSize: LARGEST,
    ...(signal && { signal }),
  });
  for (const { text } of found) {
    const provenance = parseStatement(text, digest);
    if (provenance) return provenance;
  }
  return undefined;
}
