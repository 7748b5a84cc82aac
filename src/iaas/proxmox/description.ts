/** Our labels in a VM's description, as JSON: tags and names have too small an alphabet, and their lists are for people. Pure. */

/** What a description of ours says. */
export interface Description {
  readonly labels: Readonly<Record<string, string>>;
  /** The VM is not complete: it lacks its first-boot data or its size. */
  readonly unfinished?: boolean;
  /** Address that it had when it was last asked. */
  readonly address?: string;
}

/** Writes it. */
export function describe(description: Description): string {
  return `${PREFIX}${JSON.stringify(description)}`;
}

/** Reads it; undefined where it is none of ours. */
export function readDescription(text: string | number | undefined): Description | undefined {
  const line = String(text ?? '')
    .split('\n')
    .find((each) => each.startsWith(PREFIX));
  if (line === undefined) return undefined;
  try {
    const value = JSON.parse(line.slice(PREFIX.length)) as Partial<Description> | null;
    return typeof value?.labels === 'object' ? { ...value, labels: value.labels } : undefined;
  } catch {
    return undefined;
  }
}

const PREFIX = 'stratos: ';
