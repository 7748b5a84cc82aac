/** Processes of a status report, each with its subscription. */
import { noSuchProcess } from '../../reconcile/locate.ts';
import type { ProcessStatus, StatusReport } from '../../reconcile/status-of.ts';

export interface ProcessRow extends ProcessStatus {
  readonly subscription: string;
  readonly cartridge: string;
}

/** All processes, by subscription and name. */
export function processRows(report: StatusReport): readonly ProcessRow[] {
  return report.subscriptions.flatMap(({ alias, cartridge, processes }) =>
    processes.map((process) => ({ ...process, subscription: alias, cartridge })),
  );
}

/** One process. @throws NotFoundError */
export function findProcess(report: StatusReport, name: string): ProcessRow {
  const rows = processRows(report);
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw noSuchProcess(name, rows);
  return row;
}
