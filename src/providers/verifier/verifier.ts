import { fromBase64 } from '../../base/index.js';
import {
  CimDateTime,
  CimError,
  type CimInstancePath,
  type CimValue,
  createInstancePath,
  stringKey,
} from '../../cim/index.js';
import type { MethodFunction, Provider, ProviderContext } from '../../cimom/index.js';
import {
  associationProvider,
  elementFacts,
  listProvider,
  operationalFacts,
  ownMethod,
  Paths,
  returnCodes,
  serviceName,
  type Values,
} from '../kit/index.js';
import type { AttestationDesk, NamedVerdict } from './desk.js';

const serviceClass = 'TVDC_AttestationService';
const logId = 'TVDC:attestation-log';
const verdictPrefix = 'TVDC:verdict:';

export function verdictId(id: string): string {
  return verdictPrefix + id;
}

function pathOf(value: CimValue | undefined, name: string): CimInstancePath {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path') return value;
  throw new CimError(4, `parameter ${name} must name an instance`);
}

function verdictValues(desk: AttestationDesk, { name, verdict }: NamedVerdict): Values {
  const first = verdict.reasons[0]?.message;
  return {
    InstanceID: verdictId(verdict.id),
    LogInstanceID: logId,
    LogName: 'Verdicts',
    RecordID: verdict.id,
    RecordFormat: 'JSON',
    RecordData: JSON.stringify({
      violations: verdict.violations,
      akName: verdict.akName,
      policy: verdict.policyDigest,
      references: verdict.referenceDigest,
    }),
    CreationTimeStamp: CimDateTime.fromUnix(verdict.issued),
    ...elementFacts(`${name}: ${verdict.status}${first === undefined ? '' : `, ${first}`}`),
    SystemUUID: verdict.subject.uuid,
    Verdict: verdict.status,
    Reasons: verdict.reasons.map(
      (item) => `${item.code}: ${item.message}${item.path === undefined ? '' : ` (${item.path})`}`,
    ),
    Evidence: verdict.mode,
    Assurance: verdict.assurance,
    IssuedTime: CimDateTime.fromUnix(verdict.issued),
    ValidUntil: CimDateTime.fromUnix(verdict.validUntil),
    CoveredEntries: BigInt(verdict.covered),
    PendingEntries: BigInt(verdict.pending),
    HostVerdictID: verdict.hostVerdict === null ? null : verdictId(verdict.hostVerdict),
    Acknowledged: desk.acknowledged(verdict.id),
    PerceivedSeverity: verdict.status === 'untrusted' ? 6 : verdict.status === 'trusted' ? 2 : 3,
  };
}

/** What the values of Mode ask for; 3 where none is given. */
const modes: Readonly<Record<number, 'quoted' | 'host_asserted' | 'vm_only'>> = {
  2: 'vm_only',
  3: 'quoted',
  4: 'host_asserted',
};

function methods(desk: AttestationDesk, paths: Paths): Readonly<Record<string, MethodFunction>> {
  return {
    Attest: async (_context: ProviderContext, _self, parameters) => {
      const mode = modes[Number(parameters['Mode'] ?? 3)];
      if (mode === undefined) {
        return { returnValue: returnCodes.invalidParameter, out: { Explanation: 'Mode is 2, 3 or 4' } };
      }
      return ownMethod(async () => {
        const system = stringKey(pathOf(parameters['System'], 'System'), 'Name') ?? '';
        const found = await desk.attest(system, mode);
        if (found === null) throw new CimError(6, `no managed host knows the system ${system}`);
        return {
          Verdict: paths.byId('TVDC_AttestationVerdict', verdictId(found.verdict.id)),
          Explanation: `${found.name} is ${found.verdict.status}`,
        };
      });
    },
    SubmitMeasurements: (_context, _self, parameters) =>
      ownMethod(async () => {
        const { SystemUUID, StartIndex, Data } = parameters;
        if (typeof SystemUUID !== 'string' || typeof StartIndex !== 'bigint' || typeof Data !== 'string') {
          throw new CimError(4, 'SystemUUID, StartIndex and Data are required');
        }
        if (StartIndex > 2n ** 32n) throw new CimError(4, 'StartIndex is beyond every log');
        let octets: Uint8Array;
        try {
          octets = fromBase64(Data);
        } catch {
          throw new CimError(4, 'parameter Data is not base64');
        }
        return { Explanation: await desk.submit(SystemUUID.toLowerCase(), Number(StartIndex), octets) };
      }),
    ExportEvidence: (_context, _self, parameters) =>
      ownMethod(async () => {
        const id = (stringKey(pathOf(parameters['Verdict'], 'Verdict'), 'InstanceID') ?? '').slice(
          verdictPrefix.length,
        );
        const found = desk.verdict(id);
        if (found === undefined) throw new CimError(6, `no verdict ${id}`);
        const document = await desk.exportEvidence(found.verdict.subject, id);
        if (document === null) throw new CimError(1, 'no evidence is kept for this verdict');
        return { Document: document };
      }),
    Acknowledge: (_context, _self, parameters) =>
      ownMethod(async () => {
        const id = (stringKey(pathOf(parameters['Verdict'], 'Verdict'), 'InstanceID') ?? '').slice(
          verdictPrefix.length,
        );
        const found = desk.verdict(id);
        if (found === undefined) throw new CimError(6, `no verdict ${id}`);
        if (!(await desk.acknowledge(found.verdict.subject, id)))
          throw new CimError(1, 'only the current verdict can be acknowledged');
      }),
  };
}

/** Verdicts, reference sets and policies: the CIM face of a verifier. */
export function verifierFace(desk: AttestationDesk): readonly Provider[] {
  const { namespace, identity } = desk;
  const paths = new Paths(identity, namespace);
  const system = { SystemCreationClassName: 'CIM_ComputerSystem', SystemName: identity.uuid };

  const host = listProvider({
    className: 'CIM_ComputerSystem',
    namespace,
    rows: () => [identity],
    values: () => ({
      CreationClassName: 'CIM_ComputerSystem',
      Name: identity.uuid,
      NameFormat: 'UUID',
      ...elementFacts(identity.name, 'A verifier: challenges hosts and judges them.'),
      ...operationalFacts(),
      EnabledState: 2,
    }),
  });

  const service = listProvider({
    className: serviceClass,
    namespace,
    rows: () => [identity],
    values: () => ({
      ...system,
      CreationClassName: serviceClass,
      Name: serviceName(serviceClass),
      ...elementFacts('Attestation'),
      ...operationalFacts(),
      EnabledState: 2,
      Started: true,
    }),
    methods: methods(desk, paths),
  });

  const log = listProvider({
    className: 'TVDC_AttestationLog',
    namespace,
    rows: () => [identity],
    values: () => ({
      InstanceID: logId,
      Name: 'Verdicts',
      ...elementFacts('Verdicts'),
      ...operationalFacts(),
      EnabledState: 2,
      LogState: 2,
      OverwritePolicy: 7,
    }),
    methods: { ClearLog: async () => ({ returnValue: 1 }) },
  });

  const verdicts = listProvider({
    className: 'TVDC_AttestationVerdict',
    namespace,
    rows: () => desk.verdicts(),
    find: (path) => desk.verdict((stringKey(path, 'InstanceID') ?? '').slice(verdictPrefix.length)),
    values: (row) => verdictValues(desk, row),
  });

  const manages = associationProvider({
    className: 'TVDC_LogManagesRecord',
    namespace,
    *links() {
      for (const { verdict } of desk.verdicts()) {
        yield {
          Log: paths.byId('TVDC_AttestationLog', logId),
          Record: paths.byId('TVDC_AttestationVerdict', verdictId(verdict.id)),
        };
      }
    },
  });

  const sets: Provider = {
    className: 'TVDC_ReferenceSet',
    namespaces: [namespace],
    async *enumerate(context) {
      const rows = await desk.referenceSets();
      const one = listProvider({
        className: 'TVDC_ReferenceSet',
        namespace,
        rows: () => rows,
        values: (set) => ({
          InstanceID: `TVDC:references:${set.name}`,
          ...elementFacts(set.name, set.description),
          Version: String(set.revision),
          Digest: set.digest,
          NumberOfEntries: BigInt(set.entries),
        }),
      });
      if (one.enumerate !== undefined) yield* one.enumerate(context);
    },
  };

  const policies = listProvider({
    className: 'TVDC_AttestationPolicy',
    namespace,
    rows: () => desk.policies(),
    values: (policy) => ({
      InstanceID: `TVDC:attestation-policy:${policy.name}`,
      ...elementFacts(policy.name),
      Digest: policy.digest,
      IntervalSeconds: policy.intervalSeconds,
    }),
  });

  const hostedCollection = associationProvider({
    className: 'CIM_HostedService',
    namespace,
    *links() {
      const antecedent = createInstancePath(
        'CIM_ComputerSystem',
        { CreationClassName: 'CIM_ComputerSystem', Name: identity.uuid },
        { namespace },
      );
      const keys = { ...system, CreationClassName: serviceClass, Name: serviceName(serviceClass) };
      yield { Antecedent: antecedent, Dependent: createInstancePath(serviceClass, keys, { namespace }) };
    },
  });

  return [host, service, log, verdicts, manages, sets, policies, hostedCollection];
}
