/** One handler for each kind of action; the compiler sees to it that none is missing. */
import type { ActionKind } from '../../model/plan.ts';
import { configureGateway } from './gateway.ts';
import { createGuest, removeGuest, sleepGuest, startGuest, wakeGuest } from './guests.ts';
import type { Handler } from './handler.ts';
import { copyImages } from './images.ts';
import { limitProcesses } from './limits.ts';
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

/** A VM that is a process has its verbs from the IaaS and the network; one that holds containers, from the shell on it. */
function byRuntime<K extends ActionKind>(containers: Handler<K>, guests: Handler<K>): Handler<K> {
  return (context, vm, actions, progress) =>
    (context.recorder.vm(vm)?.runtime === 'vm' ? guests : containers)(context, vm, actions, progress);
}

export const HANDLERS: { readonly [K in ActionKind]: Handler<K> } = {
  'vm.create': createVm,
  'vm.start': startVm,
  'vm.adopt': adoptVm,
  'vm.prepare': prepareVm,
  'vm.delete': deleteVm,
  'vm.forget': forgetVm,
  'image.copy': copyImages,
  'process.create': byRuntime(createProcesses, createGuest),
  'process.limit': limitProcesses,
  'process.start': byRuntime(startProcesses, startGuest),
  'process.sleep': byRuntime(sleepProcesses, sleepGuest),
  'process.wake': byRuntime(wakeProcesses, wakeGuest),
  'process.adopt': adoptProcesses,
  'process.remove': byRuntime(removeProcesses, removeGuest),
  'process.forget': forgetProcesses,
  'gateway.configure': configureGateway,
};
