import { toBase64 } from '../../base/index.js';
import { CimError, stringKey } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import type { TpmClient } from '../../tpm/index.js';
import type { VtpmInstance } from '../../vtpm/index.js';
import {
  associationProvider,
  elementFacts,
  type HostView,
  type Link,
  listProvider,
  operationalFacts,
  ownMethod,
  Paths,
} from '../kit/index.js';
import { measurementEntryProviders, type ShownLog } from './entries.js';

const className = 'TVDC_MeasurementLog';
const prefix = 'TVDC:ima:';

interface LogRow {
  readonly system: string;
  readonly name: string;
  readonly ofHost: boolean;
}

/** A TPM that counts its resets; a TPM 1.2 does not. */
function countedClient(tpm: VtpmInstance | undefined): TpmClient | undefined {
  return tpm?.state === 'running' && tpm.family === '2.0' ? tpm.client() : undefined;
}

/** The measurement lists of the host and of its virtual machines. */
export function measurementLogProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  function* rows(): Iterable<LogRow> {
    yield { system: parts.identity.uuid, name: parts.identity.name, ofHost: true };
    for (const vm of parts.inventory.vms()) {
      if (parts.boot.logs(vm.uuid) !== undefined) yield { system: vm.uuid, name: vm.name, ofHost: false };
    }
  }

  const rowOf = (system: string): LogRow | undefined => {
    const { uuid, name } = parts.identity;
    if (system === uuid) return { system, name, ofHost: true };
    const vm = parts.inventory.vm(system);
    return vm === undefined || parts.boot.logs(system) === undefined
      ? undefined
      : { system, name: vm.name, ofHost: false };
  };

  const part = (id: string, start: number, most: number) => {
    const system = id.slice(prefix.length);
    if (system === parts.identity.uuid) return view.hostBoot.measurements(start, most);
    const logs = parts.boot.logs(system);
    if (logs === undefined) throw new CimError(6, `no measurement log ${id}`);
    return logs.measurements(start, most);
  };

  const logs = listProvider({
    className,
    namespace,
    rows,
    find: (path) => rowOf((stringKey(path, 'InstanceID') ?? '').slice(prefix.length)),
    values: (row) => ({
      InstanceID: prefix + row.system,
      Name: `IMA ${row.name}`,
      ...elementFacts(`Measurements of ${row.name}`),
      ...operationalFacts(),
      EnabledState: 2,
      RequestedState: 12,
      LogState: 2,
      OverwritePolicy: 7,
      Format: 'ima',
      Template: 'ima-ng',
    }),
    methods: {
      ClearLog: async () => ({ returnValue: 1 }),
      GetMeasurements: (_context, self, parameters) =>
        ownMethod(async () => {
          const id = self === null ? '' : (stringKey(self, 'InstanceID') ?? '');
          const most = Number(parameters['MaxEntries'] ?? 0) || 100_000;
          const found = part(id, Number(parameters['StartIndex'] ?? 0n), most);
          const system = id.slice(prefix.length);
          const client = system === parts.identity.uuid ? view.hostTpm.client : countedClient(parts.vtpms.get(system));
          const clock = client === undefined ? null : await client.readClock();
          return {
            Data: toBase64(found.data),
            NextIndex: BigInt(found.nextIndex),
            ResetCount: clock?.resetCount ?? null,
          };
        }),
    },
  });

  const useOf = (row: LogRow): Link => ({
    Antecedent: paths.byId(className, prefix + row.system),
    Dependent: row.ofHost ? paths.host() : paths.vm(row.system),
  });
  const use = associationProvider({
    className: 'TVDC_UseOfLog',
    namespace,
    *links() {
      for (const row of rows()) yield useOf(row);
    },
    *linksOf(object) {
      const id = stringKey(object, 'InstanceID') ?? '';
      const system = id.startsWith(prefix) ? id.slice(prefix.length) : (stringKey(object, 'Name') ?? '');
      const row = rowOf(system);
      if (row !== undefined) yield useOf(row);
    },
  });

  const shown = (row: LogRow): ShownLog => ({
    instanceId: prefix + row.system,
    name: row.name,
    part: (start, most) => part(prefix + row.system, start, most).data,
  });
  function* shownLogs(): Iterable<ShownLog> {
    for (const row of rows()) yield shown(row);
  }
  const findLog = (id: string): ShownLog | undefined => {
    if (!id.startsWith(prefix)) return undefined;
    const row = rowOf(id.slice(prefix.length));
    return row === undefined ? undefined : shown(row);
  };

  return [logs, use, ...measurementEntryProviders(view, shownLogs, findLog)];
}
