import type { StepResult } from '../shell/command.ts';

/** What a step did not do and why. What our scripts refuse is a sentence already, and not put into another. */
export function failureText({ title, stderr, status }: StepResult, vm: string): string {
  const said = stderr.trim();
  if (said.startsWith('Cannot ')) return said;
  return `Cannot ${title} on ${vm}: ${said || `status ${String(status)}`}`;
}
