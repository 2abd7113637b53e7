import { hash, toBase64 } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import { createVmTpm, destroyVmTpm, requireHere, VmmError } from '../../vmm/index.js';
import { type RecordWith, type VtpmFamily, vtpmFamilies } from '../../vtpm/index.js';
import {
  actorOf,
  type HostView,
  listProvider,
  optionalText,
  ownMethod,
  Paths,
  requiredOctets,
  requiredPath,
  requiredText,
  serviceValues,
} from '../kit/index.js';
import { findVm } from '../systems/index.js';
import { findVtpm } from './tpm.js';

const className = 'TVDC_VirtualTPMService';

/** Shows that an offer and its nonce belong together, and that neither was cut short on the way. */
function nonceOf(offer: Uint8Array): string {
  return toBase64(hash('sha256', offer));
}

function familyOf(text: string | null): VtpmFamily {
  const family = vtpmFamilies.find((item) => item === (text ?? '2.0'));
  if (family === undefined)
    throw new VmmError('invalid', [`Family is ${vtpmFamilies.join(' or ')}, not ${text ?? ''}`]);
  return family;
}

/** TVDC_VirtualTPMService: the life cycle of virtual TPMs. Nothing of it happens to the TPM of a machine that runs. */
export function tpmServiceProvider(view: HostView): Provider {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const recordOf = (actor: string, subject: string, what: string) => ({
    kind: 'vtpm',
    actor,
    subject,
    facts: { change: what },
  });
  /** One change of a VM's TPM, while the VM is off; it and its record are one transaction. */
  const change = async <T>(
    user: string,
    vmUuid: string,
    what: string,
    work: (record: RecordWith) => Promise<T>,
  ): Promise<T> =>
    parts.locks.run(vmUuid, async () => {
      requireHere(parts, vmUuid);
      const vm = parts.inventory.vm(vmUuid);
      if (vm !== undefined && vm.state !== 'off') throw new VmmError('wrong_state', [vm.name, vm.state, what, 'off']);
      return work((tx) => {
        if (vm?.tpm === false) parts.inventory.changeIn(tx).putVm({ ...vm, tpm: true });
        parts.journal.append(tx, recordOf(user, vmUuid, what));
      });
    });

  const methods: Readonly<Record<string, MethodFunction>> = {
    CreateTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = findVm(view, requiredPath(parameters, 'System'));
        const family = familyOf(optionalText(parameters, 'Family'));
        await createVmTpm(parts, actorOf(context), vm.uuid, family);
        const tpm = parts.vtpms.get(vm.uuid);
        if (tpm === undefined) throw new CimError(1, `the virtual TPM of ${vm.name} is not there`);
        return { TPM: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid) };
      }),
    DestroyTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        if (parts.inventory.vm(tpm.vmUuid) !== undefined) {
          await destroyVmTpm(parts, actorOf(context), tpm.vmUuid);
          return;
        }
        // The machine has gone without it.
        await change(context.caller.user, tpm.vmUuid, 'destroy vTPM', (record) =>
          parts.vtpms.destroy(tpm.vmUuid, record),
        );
      }),
    ResetTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        await change(context.caller.user, tpm.vmUuid, 'reset vTPM', (record) => parts.vtpms.reset(tpm.vmUuid, record));
      }),
    PrepareImport: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = requiredText(parameters, 'SystemUUID');
        requireHere(parts, vm);
        const entry = recordOf(context.caller.user, vm, 'prepare import');
        const offer = await parts.vtpms.prepareImport(vm, (tx) => void parts.journal.append(tx, entry));
        return { ImportKey: toBase64(offer), Nonce: nonceOf(offer) };
      }),
    ExportTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        const offer = requiredOctets(parameters, 'ImportKey');
        if (requiredText(parameters, 'Nonce') !== nonceOf(offer)) {
          throw new VmmError('invalid', ['Nonce and ImportKey are not of one PrepareImport']);
        }
        const state = await change(context.caller.user, tpm.vmUuid, 'export vTPM', (record) =>
          parts.vtpms.export(tpm.vmUuid, offer, undefined, record),
        );
        return { State: toBase64(state) };
      }),
    ImportTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = findVm(view, requiredPath(parameters, 'System'));
        const state = requiredOctets(parameters, 'State');
        const tpm = await change(context.caller.user, vm.uuid, 'import vTPM', (record) =>
          parts.vtpms.import(vm.uuid, state, record),
        );
        return { TPM: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid) };
      }),
    RecoverTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        await change(context.caller.user, tpm.vmUuid, 'recover vTPM', (record) =>
          parts.vtpms.recover(tpm.vmUuid, record),
        );
      }),
    RenewCertificate: (context, _self, parameters) =>
      ownMethod(async () => {
        const { vmUuid } = findVtpm(view, requiredPath(parameters, 'TPM'));
        // The state of the TPM is not touched: its machine may run.
        const entry = recordOf(context.caller.user, vmUuid, 'renew vTPM certificate');
        await parts.locks.run(vmUuid, async () => {
          requireHere(parts, vmUuid);
          await parts.vtpms.renewCertificate(vmUuid, (tx) => void parts.journal.append(tx, entry));
        });
      }),
  };

  return listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => ({
      ...serviceValues(paths, className, 'Virtual TPMs'),
      StateProtection: parts.vtpms.protection.kind,
      StateEpoch: BigInt(parts.vtpms.protection.epoch),
    }),
    methods,
  });
}
