/** Where a policy stands, and the reporting of its problems there. */
import type { RawBounds } from './raw/terms.ts';
import { boundsOf } from './resolve-context.ts';
import type { ReportOptions, ResolveContext } from './resolve-context.ts';
import type { Entry, Section } from './spec-files.ts';
import type { YamlPath } from './yaml-source.ts';

/** A policy under its name, or one that stands where it is used. */
export interface PolicyPlace {
  readonly section: Section;
  readonly entry: Entry;
  readonly path: YamlPath;
}

/** Reports a problem of the value at `path` below a policy. */
export type Tell = (path: YamlPath, message: string, options?: ReportOptions) => void;

/** A {@link Tell} for the policy at a place. */
export function tellAt(context: ResolveContext, { section, entry, path }: PolicyPlace): Tell {
  return (below, message, options) => {
    context.report(section, entry, [...path, ...below], message, options);
  };
}

/** Reports bounds whose minimum is above their maximum. */
export function checkBounds(tell: Tell, raw: RawBounds | undefined, path: YamlPath): void {
  const { min, max } = boundsOf(raw);
  if (min <= max) return;
  const name = String(path.at(-1));
  tell([...path, 'min'], `${name}.min must not be above ${name}.max: ${String(min)} > ${String(max)}`);
}
