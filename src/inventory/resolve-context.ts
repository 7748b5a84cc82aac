/** What the resolving of one part of a spec needs: the entries, a way to report, and where paths start. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SpecProblem } from '../model/errors.ts';
import type { Bounds } from '../model/bounds.ts';
import type { RawBounds } from './raw/terms.ts';
import { showValue } from './show-value.ts';
import { entryPath, problemAt } from './spec-files.ts';
import type { Entry, Section, SpecFiles } from './spec-files.ts';
import { suggest } from './suggest.ts';
import type { Anchor, YamlPath } from './yaml-source.ts';

export interface ResolveContext {
  readonly files: SpecFiles;
  readonly directory: string;
  /** Those found so far. */
  readonly problems: SpecProblem[];
  /** Names of a section, the unsound ones too. */
  names(section: Section): ReadonlySet<string>;
  /** Reports a problem of the value at `path` below an entry. */
  report(section: Section, entry: Entry, path: YamlPath, message: string, options?: ReportOptions): void;
  /** Reports a name that is not in `section`; true when it is there. */
  requireName(section: Section, name: string, from: Section, entry: Entry, path: YamlPath): boolean;
}

export interface ReportOptions {
  readonly anchor?: Anchor;
  readonly suggestion?: string | undefined;
}

/** Makes the context; problems are added to `problems`. */
export function resolveContext(files: SpecFiles, directory: string, problems: SpecProblem[]): ResolveContext {
  const names = (section: Section): ReadonlySet<string> => new Set(files.entries[section].keys());
  const report: ResolveContext['report'] = (section, entry, path, message, options = {}) => {
    const full = [...entryPath(section, entry.name), ...path];
    problems.push(problemAt(entry.source, full, message, options.anchor, options.suggestion));
  };
  return {
    files,
    directory,
    problems,
    names,
    report,
    requireName(section, name, from, entry, path) {
      if (files.entries[section].has(name)) return true;
      const key = [...entryPath(from, entry.name), ...path].join('.');
      report(from, entry, path, `${key} must be a name under ${section}: ${showValue(name)}`, {
        suggestion: suggest(name, files.entries[section].keys()),
      });
      return false;
    },
  };
}

/** The entries of a section that the schema accepts. */
export function sound(context: ResolveContext, section: Section): readonly Entry[] {
  return [...context.files.entries[section].values()].filter((entry) => entry.sound);
}

/** Absolute form of a path of the spec: relative to the project, `~` is the operator's home. */
export function projectPath(directory: string, path: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(directory, path);
}

/** Fills in the bound that is not given: min 1 (0 where max is 0), max as min, at least 1. */
export function boundsOf(raw: RawBounds | undefined): Bounds {
  if (typeof raw === 'number') return { min: raw, max: raw };
  const min = raw?.min ?? Math.min(1, raw?.max ?? 1);
  return { min, max: raw?.max ?? Math.max(1, min) };
}
