import { CimDateTime } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { OperationReport } from '../operation-statistics.js';
import type { Provider } from '../provider/index.js';
import type { ProviderReport } from '../registry/index.js';
import { described, type Values } from './described.js';
import type { InteropPaths } from './paths.js';

/** Where the figures come from, and whether they are shown. */
export interface StatisticsPort {
  operations(): readonly OperationReport[];
  providers(): readonly ProviderReport[];
  /** CIM_ObjectManager.GatherStatisticalData. */
  gathering(): boolean;
  /** Resolves when the setting is durable. */
  gather(on: boolean): Promise<void>;
}

const statisticsClass = 'CIM_CIMOMStatisticalData';
const other = 1;

/** CIM_CIMOMStatisticalData.OperationType; every other operation is Other with its name. */
const operationTypes: Readonly<Record<string, number>> = {
  GetClass: 3,
  GetInstance: 4,
  DeleteClass: 5,
  DeleteInstance: 6,
  CreateClass: 7,
  CreateInstance: 8,
  ModifyClass: 9,
  ModifyInstance: 10,
  EnumerateClasses: 11,
  EnumerateClassNames: 12,
  EnumerateInstances: 13,
  EnumerateInstanceNames: 14,
  ExecQuery: 15,
  Associators: 16,
  AssociatorNames: 17,
  References: 18,
  ReferenceNames: 19,
  GetProperty: 20,
  SetProperty: 21,
  GetQualifier: 22,
  SetQualifier: 23,
  DeleteQualifier: 24,
  EnumerateQualifiers: 25,
};

type Row = Values & { readonly InstanceID: string };

function operationValues(report: OperationReport): Row {
  const type = operationTypes[report.operation] ?? other;
  return {
    InstanceID: `TVDC:statistics:operation:${report.operation}`,
    ElementName: report.operation,
    OperationType: type,
    OtherOperationType: type === other ? report.operation : null,
    NumberOfOperations: BigInt(report.count),
    CimomElapsedTime: CimDateTime.interval(report.time),
    ProviderElapsedTime: CimDateTime.interval(0),
  };
}

function providerValues(report: ProviderReport): Row {
  return {
    InstanceID: `TVDC:statistics:provider:${report.className}:${report.namespaces.join(',')}`,
    ElementName: report.className,
    Description: `${report.objects} objects, ${report.failures} failures, ${report.refusals} refusals.`,
    OperationType: other,
    // MaxLen 64
    OtherOperationType: `Provider ${report.className}`.slice(0, 64),
    NumberOfOperations: BigInt(report.calls),
    CimomElapsedTime: CimDateTime.interval(0),
    ProviderElapsedTime: CimDateTime.interval(report.time),
  };
}

/** Statistics of operations and of providers, while the object manager gathers them (CIM_CIMOMStatisticalData). */
export function statisticsProviders(
  port: StatisticsPort,
  paths: InteropPaths,
  namespaces: readonly string[],
): readonly Provider[] {
  const rows = (): readonly Row[] =>
    port.gathering() ? [...port.operations().map(operationValues), ...port.providers().map(providerValues)] : [];
  return [
    described({ className: statisticsClass, namespaces, rows }),
    described({
      className: 'CIM_ElementStatisticalData',
      namespaces,
      rows: () =>
        rows().map((row) => ({
          ManagedElement: paths.objectManager(),
          Stats: paths.statistics(row.InstanceID),
        })),
    }),
  ];
}

/** ModifyInstance of CIM_ObjectManager: only GatherStatisticalData changes. @throws CimError 7 without statistics */
export function gatheringChange(port: StatisticsPort | undefined): NonNullable<Provider['modify']> {
  return async (_context, instance) => {
    if (port === undefined) throw new CimError(7, 'this object manager gathers no statistics');
    const wanted = instance.get('GatherStatisticalData');
    if (typeof wanted === 'boolean') await port.gather(wanted);
  };
}
