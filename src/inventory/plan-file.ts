/** A plan in a file, between `stratos plan -o FILE` and `stratos apply FILE`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import type { ActionKind, Plan, Stage, StageKind } from '../model/plan.ts';
import { writeProjectFile } from './project-file.ts';
import { formatRecordFile, parseRecordFile } from './record-file.ts';
import type { ParsedRecordFile } from './record-file.ts';
import { nested, optional, shapeProblem } from './record-shape.ts';
import type { Shape } from './record-shape.ts';
import { RESOURCES, REVISION } from './revision-shape.ts';
import { API_VERSION } from './schema/api-version.ts';
import { showValue } from './show-value.ts';

/** Writes a plan durably, readable by its owner only. @throws ProjectFileError */
export async function writePlan(path: string, plan: Plan): Promise<void> {
  const { version, lineage, serial, specDigest, observedAt, stages, revisions, holds, notices } = plan;
  const text = formatRecordFile(['A plan of stratos. Carry it out with: stratos apply FILE'], {
    head: { apiVersion: API_VERSION, kind: 'Plan', version, lineage, serial, specDigest, observedAt },
    sections: { stages, ...(revisions ? { revisions } : {}), holds, notices },
  });
  await writeProjectFile(resolve(path), text);
}

/**
 * Reads a plan from what {@link writePlan} wrote, or from the JSON of `stratos plan -o json`.
 * @throws ProjectFileError when the file is missing, malformed, or of another version
 */
export async function readPlan(path: string): Promise<Plan> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const reason = codeOf(cause) === 'ENOENT' ? 'there is no such file' : `the system refuses it (${codeOf(cause)})`;
    throw new ProjectFileError(`Cannot read the plan as ${reason}: ${path}`, {
      cause,
      hint: 'stratos plan -o plan.yaml',
    });
  }
  return checkPlan(path, await parseRecordFile(path, text));
}

const STAGES: readonly StageKind[] = ['machines', 'prepare', 'images', 'processes', 'gateway', 'removals', 'release'];
const STAGE: Shape = {
  id: 'string',
  partition: 'string',
  kind: STAGES,
  actions: (value) => (Array.isArray(value) ? undefined : 'must be a list'),
  withdraw: optional('strings'),
  after: optional('strings'),
};
const BASE: Shape = { id: 'string', vm: 'string', dependsOn: 'strings', reason: 'string' };
const SIZE = nested({ cpu: 'number', memory: 'number', disk: 'number?', name: 'string?' });
const PROCESS: Shape = {
  process: 'string',
  subscription: 'string',
  ordinal: 'number',
  index: 'number',
  image: 'string',
  fingerprint: 'string',
  revision: 'number?',
  needs: optional('strings'),
};
/** What each kind of action has besides. */
const ACTIONS: Readonly<Record<ActionKind, Shape>> = {
  'vm.create': { iaas: 'string', size: SIZE, zone: 'string?' },
  'vm.start': {},
  'vm.adopt': { iaas: 'string', machine: 'string' },
  'vm.prepare': {},
  'vm.delete': {},
  'vm.forget': {},
  'image.copy': {
    image: 'string',
    privileged: isMark,
  },
  'process.create': PROCESS,
  'process.start': { process: 'string' },
  'process.limit': { process: 'string', resources: RESOURCES },
  'process.sleep': { process: 'string', depth: ['frozen', 'stopped'] },
  'process.wake': { process: 'string' },
  'process.adopt': PROCESS,
  'process.remove': { process: 'string', drain: 'number', snapshot: isMark },
  'process.forget': { process: 'string' },
  'gateway.configure': {},
};

function checkPlan(path: string, file: ParsedRecordFile): Plan {
  const refuse = (reason: string): never => {
    throw new ProjectFileError(`Cannot read the plan as ${reason}: ${path}`, { hint: 'stratos plan -o plan.yaml' });
  };
  const { apiVersion = API_VERSION, kind = 'Plan', version, lineage, serial, specDigest, observedAt } = file.head;
  if (kind !== 'Plan') return refuse(`its kind must be Plan, not ${showValue(kind)}`);
  if (apiVersion !== API_VERSION || version !== 1)
    return refuse(
      `it is of another version (${showValue(apiVersion)}, ${showValue(version)}; this stratos knows "${API_VERSION}", 1)`,
    );
  const head = shapeProblem(file.head, {
    lineage: 'string',
    serial: 'number',
    specDigest: 'string',
    observedAt: 'number',
  });
  if (head !== undefined) return refuse(head);
  const { stages = [], holds = [], notices = [], revisions } = file.sections;
  checkStages(stages as readonly Stage[], (index, problem) =>
    refuse(`stage ${file.position('stages', index)} is wrong (${problem})`),
  );
  for (const [section, records, field] of [
    ['holds', holds, 'reason'],
    ['notices', notices, 'message'],
  ] as const)
    for (const [index, record] of records.entries()) {
      const problem = shapeProblem(record, { target: 'string', [field]: 'string', unmet: isMark });
      if (problem !== undefined) return refuse(`${file.position(section, index)} is wrong (${problem})`);
    }
  for (const [index, record] of (revisions ?? []).entries()) {
    const problem = shapeProblem(record, REVISION);
    if (problem !== undefined) return refuse(`${file.position('revisions', index)} is wrong (${problem})`);
  }
  const rest = { ...(revisions ? { revisions } : {}), holds, notices };
  return { version, lineage, serial, specDigest, observedAt, stages, ...rest } as unknown as Plan;
}

/** Of what is there and true, or not there. */
function isMark(value: unknown): string | undefined {
  return value === undefined || value === true ? undefined : 'must be true';
}

function checkStages(stages: readonly Stage[], refuse: (index: number, problem: string) => void): void {
  const ids = new Set<string>();
  for (const [index, stage] of stages.entries()) {
    const problem = shapeProblem(stage, STAGE);
    if (problem !== undefined) {
      refuse(index, problem);
      return;
    }
    ids.add(stage.id);
    for (const action of stage.actions) {
      const wrong = actionProblem(action);
      if (wrong !== undefined) refuse(index, wrong);
      else if (ids.has(action.id)) refuse(index, `action ${showValue(action.id)} is there twice`);
      ids.add(action.id);
    }
  }
  for (const [index, { after = [] }] of stages.entries())
    for (const id of after)
      if (!stages.slice(0, index).some((stage) => stage.id === id))
        refuse(index, `it comes after what does not come before it: ${showValue(id)}`);
  for (const [index, stage] of stages.entries())
    for (const action of stage.actions)
      for (const needed of action.dependsOn)
        if (!ids.has(needed))
          refuse(index, `action ${showValue(action.id)} depends on what is not there: ${showValue(needed)}`);
}

function actionProblem(action: unknown): string | undefined {
  const kind = (action as { readonly kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(ACTIONS, kind)) return `unknown kind of action: ${showValue(kind)}`;
  const problem = shapeProblem(action, { ...BASE, ...ACTIONS[kind as ActionKind] });
  return problem === undefined ? undefined : `${kind}: ${problem}`;
}
