/** One handler for each kind of action; the compiler sees to it that none is missing. */
import type { ActionKind } from '../../model/plan.ts';
import { configureGateway } from './gateway.ts';
import type { Handler } from './handler.ts';
import { copyImages } from './images.ts';
import { adoptVm, createVm, deleteVm, forgetVm, startVm } from './machines.ts';
import { prepareVm } from './prepare.ts';
import {
  adoptProcesses,
  createProcesses,
  forgetProcesses,
  removeProcesses,
  startProcesses,
  wakeProcesses,
} from './processes.ts';
import { sleepProcesses } from './sleep.ts';

export const HANDLERS: { readonly [K in ActionKind]: Handler<K> } = {
  'vm.create': createVm,
  'vm.start': startVm,
  'vm.adopt': adoptVm,
  'vm.prepare': prepareVm,
  'vm.delete': deleteVm,
  'vm.forget': forgetVm,
  'image.copy': copyImages,
  'process.create': createProcesses,
  'process.start': startProcesses,
  'process.sleep': sleepProcesses,
  'process.wake': wakeProcesses,
  'process.adopt': adoptProcesses,
  'process.remove': removeProcesses,
  'process.forget': forgetProcesses,
  'gateway.configure': configureGateway,
};
