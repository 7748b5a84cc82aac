/**
 * What is said to an executable and by it: one JSON document each way. Versioned: an executable that does not know the version says so.
 * docs/providers.md has it for those who write one.
 */
import { IaasError, type IaasFailure } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { millis } from '../../model/quantity.ts';
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';
import type { Finding } from '../provider.ts';

export const PROTOCOL = 'stratos.iaas/v1';

const FAILURES: ReadonlySet<string> = new Set<IaasFailure>([
  'not-found',
  'no-capacity',
  'unauthorized',
  'rate-limited',
  'quota',
  'unavailable',
  'invalid',
]);
const STATES: ReadonlySet<string> = new Set<Machine['state']>(['pending', 'running', 'stopped', 'failed', 'deleting']);

const SUBJECTS = [
  'credentials',
  'quota',
  'image',
  'network',
  'size',
  'price',
] as const satisfies readonly Finding['subject'][];
const STATUSES = ['ok', 'warning', 'failed'] as const satisfies readonly Finding['status'][];

type Fields = Readonly<Record<string, unknown>>;

/** Reads an answer, or the failure that it tells of. @throws IaasError */
export function readAnswer(iaas: string, what: string, text: string): Fields {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw odd(iaas, what, `the executable prints no JSON: ${text.trim().slice(0, 80)}`);
  }
  if (!isFields(answer)) throw odd(iaas, what, 'the executable prints no JSON object');
  if (answer.apiVersion !== PROTOCOL) throw odd(iaas, what, `the executable does not speak ${PROTOCOL}`);
  if (isFields(answer.error)) throw failureOf(iaas, what, answer.error);
  return answer;
}

/** Reads a machine; what does not carry our labels is none of ours. @throws IaasError for what breaks the protocol */
export function readMachine(spec: CloudSpec, lineage: string, value: unknown): Machine | undefined {
  if (!isFields(value)) throw odd(spec.name, 'list machines', 'a machine is no object');
  const { id, state, labels, address, zone } = value;
  if (typeof id !== 'string' || id === '') throw odd(spec.name, 'list machines', 'a machine has no id');
  if (typeof state !== 'string' || !STATES.has(state))
    throw odd(spec.name, 'list machines', `the state of machine ${id} is none of ${[...STATES].join(', ')}`);
  const known = isFields(labels) ? decodeLabels(labels as Readonly<Record<string, string>>) : undefined;
  if (known?.lineage !== lineage) return undefined;
  return labelledMachine(known, {
    ...{ id, state: state as Machine['state'], user: spec.user },
    address: typeof address === 'string' ? address : undefined,
    ...(typeof value.port === 'number' && { port: value.port }),
    ...(typeof zone === 'string' && { zone }),
  });
}

/** Reads what was found, each for itself. @throws IaasError for what breaks the protocol */
export function readFindings(iaas: string, value: unknown): readonly Finding[] {
  const what = `survey ${iaas}`;
  if (!Array.isArray(value)) throw odd(iaas, what, 'the answer has no list of findings');
  return value.map((finding: unknown): Finding => {
    if (!isFields(finding)) throw odd(iaas, what, 'a finding is no object');
    const { subject, status, detail, hint } = finding;
    if (!isOneOf(SUBJECTS, subject))
      throw odd(iaas, what, `the subject of a finding is none of ${SUBJECTS.join(', ')}`);
    if (!isOneOf(STATUSES, status)) throw odd(iaas, what, `the status of a finding is none of ${STATUSES.join(', ')}`);
    if (typeof detail !== 'string') throw odd(iaas, what, `the ${subject} that it found has no detail`);
    return { subject, status, detail: clean(detail), ...(typeof hint === 'string' && { hint: clean(hint) }) };
  });
}

function isOneOf<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return words.some((word) => word === value);
}

function failureOf(iaas: string, what: string, { failure, message, retryAfterSeconds }: Fields): IaasError {
  const kind = typeof failure === 'string' && FAILURES.has(failure) ? (failure as IaasFailure) : 'invalid';
  const words = typeof message === 'string' ? clean(message) : 'it says no more';
  return new IaasError(iaas, kind, `Cannot ${what} as ${iaas} refuses (${kind}): ${words}`, {
    ...(typeof retryAfterSeconds === 'number' && { retryAfter: millis(retryAfterSeconds * 1000) }),
  });
}

function odd(iaas: string, what: string, why: string): IaasError {
  return new IaasError(iaas, 'invalid', `Cannot ${what} as ${clean(why)}`);
}

function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
