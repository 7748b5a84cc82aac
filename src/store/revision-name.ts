/**
 * Names that keep the images of a history: a tag that moves leaves its image without a name, and what has none is swept. They are names
 * like others, so that no store must know what a revision is.
 */

/** Where such names begin. */
const PREFIX = 'revision/';

/** The name of a revision's image: by project, so that several can share a store. */
export function revisionName(lineage: string, alias: string, number: number): string {
  // A name has no two dashes next to each other; an alias has no dot.
  const word = alias.replace(/--+/g, (dashes) => `.${String(dashes.length)}.`);
  return `${PREFIX}${lineage.slice(0, 8)}/${word}:${String(number)}`;
}

/** Whether a name only keeps an image. */
export function isRevisionName(reference: string): boolean {
  return reference.startsWith(PREFIX);
}
