import { CimDateTime, CimError, type CimInstancePath, stringKey } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import {
  type Actor,
  modifyVm,
  pauseVm,
  resetVm,
  restoreVm,
  saveVm,
  startVm,
  stopVm,
  unpauseVm,
  transitionJob,
  type VirtualMachine,
  type VmState,
} from '../../vmm/index.js';
import {
  actorOf,
  asCimStatus,
  elementFacts,
  type HostView,
  listProvider,
  operationalFacts,
  returnCodes,
  startedOrDone,
  type Values,
} from '../kit/index.js';
import { criticalityOf } from './criticality.js';
import { criticalityValues, enabledStates, requestableStates, shuttingDown } from './state.js';

interface Change {
  /** For people; the name of the virtual machine follows. */
  readonly name: string;
  readonly goal: VmState;
  make(view: HostView, actor: Actor, vm: VirtualMachine): Promise<unknown>;
}

/** What each RequestedState asks for. */
const changes: Readonly<Record<number, Change>> = {
  2: {
    name: 'start',
    goal: 'running',
    make: ({ parts }, actor, vm) => {
      if (vm.state === 'saved') return restoreVm(parts, actor, vm.uuid);
      if (vm.state === 'paused') return unpauseVm(parts, actor, vm.uuid);
      return startVm(parts, actor, vm.uuid);
    },
  },
  3: { name: 'stop', goal: 'off', make: ({ parts }, actor, vm) => stopVm(parts, actor, vm.uuid) },
  4: { name: 'shut down', goal: 'off', make: ({ parts }, actor, vm) => stopVm(parts, actor, vm.uuid, 'shutDown') },
  6: { name: 'save', goal: 'saved', make: ({ parts }, actor, vm) => saveVm(parts, actor, vm.uuid) },
  9: { name: 'pause', goal: 'paused', make: ({ parts }, actor, vm) => pauseVm(parts, actor, vm.uuid) },
  10: { name: 'reboot', goal: 'running', make: ({ parts }, actor, vm) => resetVm(parts, actor, vm.uuid, 'shutDown') },
  11: { name: 'reset', goal: 'running', make: ({ parts }, actor, vm) => resetVm(parts, actor, vm.uuid) },
};

/** UUID of the system that a path names. */
export function vmUuidOf(path: CimInstancePath | null): string {
  const uuid = path === null ? undefined : stringKey(path, 'Name');
  if (uuid === undefined) throw new CimError(4, 'the method belongs to an instance of TVDC_ComputerSystem');
  return uuid;
}

/** @throws CimError 6 */
export function findVm(view: HostView, path: CimInstancePath | null): VirtualMachine {
  const uuid = vmUuidOf(path);
  const vm = view.parts.inventory.vm(uuid);
  if (vm === undefined) throw new CimError(6, `no virtual machine ${uuid} on this host`);
  return vm;
}

/** CIM_EnabledLogicalElement.RequestStateChange; a refusal by policy is status 1, what takes long goes on in a job. */
function requestStateChange(view: HostView): MethodFunction {
  return async (context, self, parameters) => {
    const vm = findVm(view, self);
    const requested = parameters['RequestedState'];
    if (parameters['TimeoutPeriod'] instanceof CimDateTime) return { returnValue: 4098 };
    const change = typeof requested === 'number' ? changes[requested] : undefined;
    if (change === undefined) return { returnValue: returnCodes.notSupported };
    if (!requestableStates(vm.state).includes(requested as number)) {
      return { returnValue: returnCodes.invalidStateTransition };
    }
    const actor = actorOf(context);
    const request = transitionJob(actor, change.name, vm, change.goal);
    return asCimStatus(() => startedOrDone(view, context, request, () => change.make(view, actor, vm)));
  };
}

/**
 * What TVDC_ComputerSystem shows of a virtual machine.
 * @param isEnding whether its guest shuts down; left out: as it is now
 */
export function computerSystemValues(
  view: HostView,
  vm: VirtualMachine,
  isEnding = view.parts.ending.has(vm.uuid),
): Values {
  const ends = isEnding && vm.state === 'running';
  const label = view.parts.monitor.labels.vm(vm.uuid);
  return {
    CreationClassName: 'TVDC_ComputerSystem',
    Name: vm.uuid,
    NameFormat: 'UUID',
    ...elementFacts(vm.name, 'A virtual machine.'),
    ...operationalFacts(label?.state !== 'invalidated'),
    EnabledState: ends ? shuttingDown : enabledStates[vm.state],
    RequestedState: 12,
    AvailableRequestedStates: ends ? [] : [...requestableStates(vm.state)],
    EnabledDefault: 3,
    TimeOfLastStateChange: CimDateTime.fromUnix(vm.changedAt),
    Criticality: criticalityValues[vm.criticality],
    Trusted: vm.trusted === true,
  };
}

/** TVDC_ComputerSystem: the virtual machines. */
export function computerSystemProvider(view: HostView): Provider {
  const { parts, namespace } = view;
  return listProvider({
    className: 'TVDC_ComputerSystem',
    namespace,
    rows: () => parts.inventory.vms(),
    find: (path) => parts.inventory.vm(stringKey(path, 'Name') ?? ''),
    values: (vm) => computerSystemValues(view, vm),
    modify: async (context, instance, propertyList) => {
      const vm = findVm(view, instance.path);
      const wanted = (name: string): boolean =>
        instance.has(name) &&
        (propertyList === null || propertyList.some((item) => item.toLowerCase() === name.toLowerCase()));
      const mark = wanted('Trusted') ? instance.get('Trusted') : null;
      const change = {
        ...(wanted('Criticality') ? { criticality: criticalityOf(instance.get('Criticality')) } : {}),
        ...(typeof mark === 'boolean' ? { trusted: mark } : {}),
      };
      await asCimStatus(() => modifyVm(parts, actorOf(context), vm.uuid, change));
    },
    methods: { RequestStateChange: requestStateChange(view) },
  });
}
