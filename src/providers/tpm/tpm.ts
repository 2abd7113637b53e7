import { hash, toHex } from '../../base/index.js';
import {
  CimDateTime,
  CimError,
  type CimInstance,
  type CimInstancePath,
  createInstance,
  sameName,
  stringKey,
} from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import { encodePublicArea, type TpmClient } from '../../tpm/index.js';
import type { VtpmInstance } from '../../vtpm/index.js';
import { readCertificate, toPem } from '../../vtpm/certificates/index.js';
import {
  associationProvider,
  elementFacts,
  type HostView,
  type Link,
  listProvider,
  operationalFacts,
  Paths,
  type Values,
} from '../kit/index.js';
import { evidenceMethods, type EvidenceSource } from './evidence.js';

/** The last second that a CIM datetime can name. */
const lastDate = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Octets as the qualifier OctetString wants them: length with itself, then the octets, in hexadecimal (DSP0004). */
function octetString(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return `0x${(even.length / 2 + 4).toString(16).padStart(8, '0')}${even}`;
}

const shownBanks = ['sha1', 'sha256'] as const;

const certificateIds = new WeakMap<Uint8Array, string>();

function certificateId(der: Uint8Array): string {
  let id = certificateIds.get(der);
  if (id === undefined) {
    id = `TVDC:cert:${toHex(hash('sha256', der))}`;
    certificateIds.set(der, id);
  }
  return id;
}

/** What a virtual TPM of a running VM answers with. @throws CimError 1 if it is off */
function virtualSource(view: HostView, tpm: VtpmInstance): EvidenceSource {
  const logs = view.parts.boot.logs(tpm.vmUuid);
  const { identity } = tpm;
  return {
    client: tpm.client(),
    ekCertificateChain: identity.ekCertificateChain,
    ekPublic: encodePublicArea(identity.ekPublic),
    akPublic: encodePublicArea(identity.akPublic),
    akName: identity.akName,
    ekHandle: identity.ekHandle,
    akHandle: identity.akHandle,
    eventLog: logs?.eventLog ?? new Uint8Array(0),
    isolationLog: new Uint8Array(0),
    measurements: (start, most) => logs?.measurements(start, most) ?? { data: new Uint8Array(0), nextIndex: start },
  };
}

function hostSource(view: HostView): EvidenceSource {
  const { hostTpm, hostBoot } = view;
  return {
    ...hostTpm,
    eventLog: hostBoot.eventLog,
    isolationLog: hostBoot.isolationLog,
    measurements: (start, most) => hostBoot.measurements(start, most),
  };
}

/** The virtual TPM that a path names, with the machine that the path says. @throws CimError 6 */
export function findVtpm(view: HostView, path: CimInstancePath | null): VtpmInstance {
  const id = path === null ? '' : (stringKey(path, 'DeviceID') ?? '');
  const tpm = view.parts.vtpms.find(id);
  // Rights were decided by the machine in the path: another machine's TPM must not answer to it.
  if (tpm === undefined || path === null || stringKey(path, 'SystemName') !== tpm.vmUuid) {
    throw new CimError(6, `no virtual TPM ${id} on this host`);
  }
  return tpm;
}

/** One TPM of the host with the system that it belongs to. */
interface AnyTpm {
  readonly path: CimInstancePath;
  readonly id: string;
  readonly client: () => TpmClient;
}

/** TPMs, their PCRs and certificates. */
export function tpmProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, hostTpm } = view;
  const paths = new Paths(parts.identity, namespace);

  const common = (ekName: Uint8Array): Values => ({ Family: '2.0', Banks: [...shownBanks], EKName: toHex(ekName) });

  const host = listProvider({
    className: 'TVDC_TPM',
    namespace,
    rows: () => [hostTpm],
    values: () => ({
      ...paths.deviceKeys('TVDC_TPM', 'host', hostTpm.uuid),
      ...elementFacts(`TPM of ${parts.identity.name}`),
      ...operationalFacts(),
      EnabledState: 2,
      RootOfTrust: hostTpm.backend === 'device' ? 'hardware' : 'simulated',
      ...common(hostTpm.ekName),
    }),
    methods: evidenceMethods(() => hostSource(view)),
  });

  const virtual = listProvider({
    className: 'TVDC_VirtualTPM',
    namespace,
    rows: () => parts.vtpms.list(),
    find: (path) => parts.vtpms.find(stringKey(path, 'DeviceID') ?? ''),
    values: (tpm) => ({
      ...paths.deviceKeys('TVDC_VirtualTPM', tpm.vmUuid, tpm.uuid),
      ...elementFacts(`TPM of ${parts.inventory.vm(tpm.vmUuid)?.name ?? tpm.vmUuid}`),
      ...operationalFacts(tpm.state !== 'failed'),
      EnabledState: tpm.state === 'running' ? 2 : 3,
      RootOfTrust: 'virtual',
      Backend: tpm.backend,
      State: tpm.state,
      ...common(tpm.identity.ekName),
    }),
    methods: evidenceMethods((self) => {
      const tpm = findVtpm(view, self);
      if (tpm.state !== 'running') throw new CimError(1, `TVDC0301: virtual TPM ${tpm.uuid} is ${tpm.state}`);
      return virtualSource(view, tpm);
    }),
  });

  const ofHost = (): AnyTpm => ({
    path: paths.device('TVDC_TPM', 'host', hostTpm.uuid),
    id: hostTpm.uuid,
    client: () => hostTpm.client,
  });
  const ofVm = (tpm: VtpmInstance): AnyTpm => ({
    path: paths.device('TVDC_VirtualTPM', tpm.vmUuid, tpm.uuid),
    id: tpm.uuid,
    client: () => tpm.client(),
  });
  function* all(): Iterable<AnyTpm> {
    yield ofHost();
    for (const tpm of parts.vtpms.list()) if (tpm.state === 'running') yield ofVm(tpm);
  }

  const pcrId = (tpm: string, bank: string, index: number): string => `TVDC:${tpm}:pcr:${bank}:${index}`;
  const everyPcr = Array.from({ length: 24 }, (_, index) => index);

  async function readPcrs(
    context: ProviderContext,
    tpm: AnyTpm,
    wanted: readonly { readonly bank: (typeof shownBanks)[number]; readonly indexes: readonly number[] }[],
  ): Promise<CimInstance[]> {
    const reading = await tpm.client().pcrRead(wanted);
    return reading.values.map((pcr) =>
      createInstance(
        context.classes.get('TVDC_PCR'),
        {
          InstanceID: pcrId(tpm.id, pcr.bank, pcr.index),
          ...elementFacts(`PCR ${pcr.index} (${pcr.bank})`),
          Bank: pcr.bank,
          Index: pcr.index,
          Value: toHex(pcr.digest),
          UpdateCounter: reading.updateCounter,
        },
        { namespace },
      ),
    );
  }

  const pcrs: Provider = {
    className: 'TVDC_PCR',
    namespaces: [namespace],
    async *enumerate(context) {
      for (const tpm of all())
        yield await readPcrs(
          context,
          tpm,
          shownBanks.map((bank) => ({ bank, indexes: everyPcr })),
        );
    },
    async get(context, path) {
      const match = /^TVDC:(.+):pcr:(\w+):(\d+)$/.exec(stringKey(path, 'InstanceID') ?? '');
      const tpm = find(match?.[1] ?? '');
      const bank = shownBanks.find((item) => item === match?.[2]);
      const index = Number(match?.[3]);
      if (tpm === undefined || bank === undefined || !(index < 24)) return null;
      return (await readPcrs(context, tpm, [{ bank, indexes: [index] }]))[0] ?? null;
    },
  };

  const find = (id: string): AnyTpm | undefined => {
    if (id === hostTpm.uuid) return ofHost();
    const tpm = parts.vtpms.find(id);
    return tpm?.state === 'running' ? ofVm(tpm) : undefined;
  };
  function* registersOf(tpm: AnyTpm): Iterable<Link> {
    for (const bank of shownBanks) {
      for (const index of everyPcr) {
        yield { GroupComponent: tpm.path, PartComponent: paths.byId('TVDC_PCR', pcrId(tpm.id, bank, index)) };
      }
    }
  }
  const registers = associationProvider({
    className: 'TVDC_TPMRegister',
    namespace,
    *links() {
      for (const tpm of all()) yield* registersOf(tpm);
    },
    *linksOf(object) {
      const id = stringKey(object, 'DeviceID') ?? /^TVDC:(.+):pcr:/.exec(stringKey(object, 'InstanceID') ?? '')?.[1];
      const tpm = id === undefined ? undefined : find(id);
      if (tpm !== undefined) yield* registersOf(tpm);
    },
  });

  function* everyCertificate(): Iterable<Uint8Array> {
    const seen = new Set<string>();
    for (const chain of [
      hostTpm.ekCertificateChain,
      ...parts.vtpms.list().map((tpm) => tpm.identity.ekCertificateChain),
    ]) {
      for (const der of chain) {
        if (seen.has(certificateId(der))) continue;
        seen.add(certificateId(der));
        yield der;
      }
    }
  }
  const certificates = listProvider({
    className: 'TVDC_Certificate',
    namespace,
    rows: everyCertificate,
    find: (path) => {
      const id = stringKey(path, 'InstanceID');
      for (const der of everyCertificate()) if (certificateId(der) === id) return der;
      return undefined;
    },
    values: (der) => {
      const facts = readCertificate(der);
      return {
        InstanceID: certificateId(der),
        ...elementFacts(facts.subject),
        Subject: facts.subject,
        IssuerName: facts.issuer,
        SerialNumber: [octetString(facts.serial)],
        Fingerprints: [octetString(facts.fingerprint)],
        IsValid: facts.notBefore <= parts.clock.now() && parts.clock.now() <= facts.notAfter,
        Issued: CimDateTime.fromUnix(facts.notBefore),
        Expires: CimDateTime.fromUnix(Math.min(facts.notAfter, lastDate)),
        PEM: toPem(der),
      };
    },
  });

  function* credentialsOf([der]: readonly Uint8Array[], tpm: CimInstancePath): Iterable<Link> {
    if (der === undefined) return;
    yield { ElementInContext: paths.byId('TVDC_Certificate', certificateId(der)), ElementProvidingContext: tpm };
  }
  const credentials = associationProvider({
    className: 'TVDC_CredentialContext',
    namespace,
    *links(): Iterable<Link> {
      yield* credentialsOf(hostTpm.ekCertificateChain, ofHost().path);
      for (const tpm of parts.vtpms.list()) yield* credentialsOf(tpm.identity.ekCertificateChain, ofVm(tpm).path);
    },
    *linksOf(object) {
      const id = stringKey(object, 'DeviceID');
      const tpm = parts.vtpms.find(id ?? '');
      if (id === hostTpm.uuid) yield* credentialsOf(hostTpm.ekCertificateChain, ofHost().path);
      else if (tpm !== undefined) yield* credentialsOf(tpm.identity.ekCertificateChain, ofVm(tpm).path);
      else if (sameName(object.className, 'TVDC_Certificate')) yield* this.links();
    },
  });

  return [host, virtual, pcrs, registers, certificates, credentials];
}
