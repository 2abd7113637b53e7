import { CimError, type CimInstance, type CimValue } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import { type HandDecision, handDecisions, migrationJob, type VirtualMachine } from '../../vmm/index.js';
import {
  actorOf,
  type HostView,
  listProvider,
  ownMethod,
  Paths,
  requiredPath,
  requiredText,
  returnCodes,
  serviceValues,
  startedOrDone,
} from '../kit/index.js';
import { findVm } from '../systems/index.js';
import { migrationOutcome, objectionsOut } from './answers.js';
import { peerMethods } from './peer-methods.js';

export const serviceClass = 'TVDC_VirtualSystemMigrationService';

/** Values of MigrationType. */
export const migrationTypes = { live: 2, static: 4 } as const;

type Parameters = Readonly<Record<string, CimValue>>;

function isInstance(value: CimValue | undefined): value is CimInstance {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';
}

/** What is asked for beyond the move itself is refused rather than left out. @throws CimError 4, 7 */
function checkSettings(parameters: Parameters, vm: VirtualMachine): void {
  const resources = parameters['NewResourceSettingData'];
  const given = Array.isArray(resources) && resources.length > 0;
  if (given || isInstance(parameters['NewSystemSettingData']))
    throw new CimError(7, 'settings and resources of a virtual machine cannot be changed while it moves');
  const settings = parameters['MigrationSettingData'];
  if (!isInstance(settings)) return;
  const type = settings.getNumber('MigrationType');
  const fitting = vm.state === 'off' ? migrationTypes.static : migrationTypes.live;
  if (type === null || type === fitting) return;
  if (!Object.values<number>(migrationTypes).includes(type)) throw new CimError(4, 'MigrationType is 2 or 4');
  throw new CimError(4, `${vm.name} is ${vm.state}, so MigrationType is ${fitting}`);
}

function ownMethods(view: HostView): Readonly<Record<string, MethodFunction>> {
  const { migrations, parts } = view;
  return {
    CheckVirtualSystemIsMigratableToHost: (_context, _self, parameters) =>
      migrationOutcome(async () => {
        const vm = findVm(view, requiredPath(parameters, 'ComputerSystem'));
        const destination = requiredText(parameters, 'DestinationHost');
        checkSettings(parameters, vm);
        const objections = await migrations.check(vm.uuid, destination);
        const sentences = objections.map(({ sentence }) => sentence).join(' ');
        const out = {
          IsMigratable: objections.length === 0,
          ...objectionsOut(objections),
          Explanation: sentences === '' ? `${vm.name} could move to ${destination}.` : sentences,
        };
        return { returnValue: returnCodes.completed, out };
      }),
    MigrateVirtualSystemToHost: (context, _self, parameters) =>
      migrationOutcome(() => {
        const vm = findVm(view, requiredPath(parameters, 'ComputerSystem'));
        const destination = requiredText(parameters, 'DestinationHost');
        checkSettings(parameters, vm);
        const actor = actorOf(context);
        const id = parts.randomness.uuid();
        return startedOrDone(
          view,
          context,
          migrationJob(actor, vm, destination, id),
          async (control) => {
            const progress = (share: number): void => control.progress(share);
            const { outcome } = await migrations.migrate(actor, vm.uuid, destination, { id, progress });
            if (outcome !== 'moved') await migrations.untilEnded(id, control.signal);
          },
          () => ({ Explanation: `${vm.name} is on ${destination} now.` }),
        );
      }),
    DecideByHand: (context, _self, parameters) =>
      ownMethod(async () => {
        const decision = requiredText(parameters, 'Decision');
        if (!(handDecisions as readonly string[]).includes(decision))
          throw new CimError(4, `Decision is ${handDecisions.join(', ')}, got "${decision}"`);
        const uuid = requiredText(parameters, 'SystemUUID');
        await migrations.decideByHand(actorOf(context), uuid, decision as HandDecision);
      }),
  };
}

/** TVDC_VirtualSystemMigrationService: virtual machines that move between hosts (after DSP1081). */
export function migrationServiceProvider(view: HostView): Provider {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  return listProvider({
    className: serviceClass,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, serviceClass, 'Virtual system migration'),
    methods: { ...ownMethods(view), ...peerMethods(view.migrations) },
  });
}
