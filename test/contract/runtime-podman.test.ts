import { runtimeContract } from './runtime.contract.ts';

runtimeContract('podman');
