import { hash, toBase64 } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import { VmmError } from '../../vmm/index.js';
import {
  type HostView,
  listProvider,
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
  /** One change of a VM's TPM, while the VM is off, recorded. */
  const change = async (user: string, vmUuid: string, what: string, work: () => Promise<unknown>): Promise<void> => {
    await parts.locks.run(vmUuid, async () => {
      const vm = parts.inventory.vm(vmUuid);
      if (vm !== undefined && vm.state !== 'off') throw new VmmError('wrong_state', [vm.name, vm.state, what, 'off']);
      await work();
      await parts.inventory.change((update) => {
        const tpm = parts.vtpms.get(vmUuid) !== undefined;
        if (vm !== undefined && vm.tpm !== tpm) update.putVm({ ...vm, tpm });
        parts.journal.append(update.tx, recordOf(user, vmUuid, what));
      });
    });
  };

  const methods: Readonly<Record<string, MethodFunction>> = {
    CreateTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = findVm(view, requiredPath(parameters, 'System'));
        await change(context.caller.user, vm.uuid, 'create vTPM', () => parts.vtpms.create(vm.uuid));
        const tpm = parts.vtpms.get(vm.uuid);
        if (tpm === undefined) throw new CimError(1, `the virtual TPM of ${vm.name} is not there`);
        return { TPM: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid) };
      }),
    DestroyTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        await change(context.caller.user, tpm.vmUuid, 'destroy vTPM', () => parts.vtpms.destroy(tpm.vmUuid));
      }),
    ResetTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        await change(context.caller.user, tpm.vmUuid, 'reset vTPM', () => parts.vtpms.reset(tpm.vmUuid));
      }),
    PrepareImport: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = requiredText(parameters, 'SystemUUID');
        const offer = await parts.vtpms.prepareImport(vm);
        const entry = recordOf(context.caller.user, vm, 'prepare import');
        await parts.store.transaction((tx) => parts.journal.append(tx, entry));
        return { ImportKey: toBase64(offer), Nonce: nonceOf(offer) };
      }),
    ExportTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        const offer = requiredOctets(parameters, 'ImportKey');
        if (requiredText(parameters, 'Nonce') !== nonceOf(offer)) {
          throw new VmmError('invalid', ['Nonce and ImportKey are not of one PrepareImport']);
        }
        let state = new Uint8Array(0);
        await change(context.caller.user, tpm.vmUuid, 'export vTPM', async () => {
          state = new Uint8Array(await parts.vtpms.export(tpm.vmUuid, offer));
        });
        return { State: toBase64(state) };
      }),
    ImportTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const vm = findVm(view, requiredPath(parameters, 'System'));
        const state = requiredOctets(parameters, 'State');
        await change(context.caller.user, vm.uuid, 'import vTPM', () => parts.vtpms.import(vm.uuid, state));
        const tpm = parts.vtpms.get(vm.uuid);
        if (tpm === undefined) throw new CimError(1, `the virtual TPM of ${vm.name} is not there`);
        return { TPM: paths.device('TVDC_VirtualTPM', vm.uuid, tpm.uuid) };
      }),
    RecoverTPM: (context, _self, parameters) =>
      ownMethod(async () => {
        const tpm = findVtpm(view, requiredPath(parameters, 'TPM'));
        await change(context.caller.user, tpm.vmUuid, 'recover vTPM', () => parts.vtpms.recover(tpm.vmUuid));
      }),
    RenewCertificate: (context, _self, parameters) =>
      ownMethod(async () => {
        const { vmUuid } = findVtpm(view, requiredPath(parameters, 'TPM'));
        // The state of the TPM is not touched: its machine may run.
        await parts.locks.run(vmUuid, () => parts.vtpms.renewCertificate(vmUuid));
        const entry = recordOf(context.caller.user, vmUuid, 'renew vTPM certificate');
        await parts.store.transaction((tx) => parts.journal.append(tx, entry));
      }),
  };

  return listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Virtual TPMs'),
    methods,
  });
}
