/** Files in and out of a process that runs: what to run on its VM, and what it answers. */
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { jsonLines } from './json-lines.ts';
import { LAYOUT } from './layout.ts';
import { checkedName } from './process-launch.ts';
import text from './scripts/copy.sh';

export type PlaceKind = 'directory' | 'file' | 'other' | 'none';

/** What is at a path of a process; links are followed as the process would. */
export interface Place {
  /** Ids the process runs as, inside. */
  readonly uid: number;
  readonly gid: number;
  readonly place: PlaceKind;
  /** The folder that the path is in. */
  readonly parent: PlaceKind;
}

/** Looks at a path; for {@link parsePlace}. */
export function lookStep(lineage: string, name: string, path: string): ScriptStep {
  return step('look', `look at ${path} of ${name}`, lineage, name, path);
}

/** Writes a file or folder to standard output as a tar whose entries begin with its name. */
export function copyOutStep(lineage: string, name: string, path: string): ScriptStep {
  return step('out', `copy ${path} of ${name}`, lineage, name, path);
}

/** Unpacks a tar from standard input into a folder, with the ids that the tar has. What is there of the same name is replaced. */
export function copyInStep(lineage: string, name: string, folder: string): ScriptStep {
  return step('in', `copy to ${folder} of ${name}`, lineage, name, folder);
}

/** Reads the answer of {@link lookStep}; undefined where there is none. */
export function parsePlace(result: StepResult | undefined): Place | undefined {
  for (const { uid, gid, place, parent } of jsonLines(result ? [result] : []))
    if (typeof uid === 'number' && typeof gid === 'number' && isKind(place) && isKind(parent))
      return { uid, gid, place, parent };
  return undefined;
}

function isKind(value: unknown): value is PlaceKind {
  return value === 'directory' || value === 'file' || value === 'other' || value === 'none';
}

function step(verb: string, title: string, lineage: string, name: string, path: string): ScriptStep {
  return script({ name: 'copy', text }, title, [lineage, LAYOUT.processes, verb, checkedName(name), path]);
}
