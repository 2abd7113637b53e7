import { hash, toHex } from '../../base/index.js';
import { CimDateTime, CimError, type CimInstancePath, sameName, stringKey } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import { encodePublicArea } from '../../tpm/index.js';
import type { VtpmFamily, VtpmInstance } from '../../vtpm/index.js';
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
import { evidenceMethods12 } from './evidence12.js';
import { banksOf, registerProviders } from './registers.js';

/** The last second that a CIM datetime can name. */
const lastDate = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Octets as the qualifier OctetString wants them: length with itself, then the octets, in hexadecimal (DSP0004). */
function octetString(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return `0x${(even.length / 2 + 4).toString(16).padStart(8, '0')}${even}`;
}

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

/** @throws CimError 6 for one that is not there, 1 if it is off */
function runningVtpm(view: HostView, self: CimInstancePath | null): VtpmInstance {
  const tpm = findVtpm(view, self);
  if (tpm.state !== 'running') throw new CimError(1, `TVDC0301: virtual TPM ${tpm.uuid} is ${tpm.state}`);
  return tpm;
}

/** The evidence methods of virtual TPMs, by the family of the one that is asked. */
function virtualMethods(view: HostView): Readonly<Record<string, MethodFunction>> {
  const modern = evidenceMethods((self) => virtualSource(view, runningVtpm(view, self)));
  const former = evidenceMethods12((self) => runningVtpm(view, self));
  return Object.fromEntries(
    Object.entries(modern).map(([name, method]): [string, MethodFunction] => [
      name,
      (context, self, parameters) => {
        const chosen = findVtpm(view, self).family === '1.2' ? former[name] : undefined;
        return (chosen ?? method)(context, self, parameters);
      },
    ]),
  );
}

/** TPMs, their registers and certificates. */
export function tpmProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, hostTpm } = view;
  const paths = new Paths(parts.identity, namespace);

  const common = (ekName: Uint8Array, family: VtpmFamily = '2.0'): Values => ({
    Family: family,
    Banks: [...banksOf(family)],
    EKName: toHex(ekName),
  });

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
      ...common(tpm.identity.ekName, tpm.family),
    }),
    methods: virtualMethods(view),
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

  const hostPath = paths.device('TVDC_TPM', 'host', hostTpm.uuid);
  const pathOf = (tpm: VtpmInstance): CimInstancePath => paths.device('TVDC_VirtualTPM', tpm.vmUuid, tpm.uuid);
  function* credentialsOf([der]: readonly Uint8Array[], tpm: CimInstancePath): Iterable<Link> {
    if (der === undefined) return;
    yield { ElementInContext: paths.byId('TVDC_Certificate', certificateId(der)), ElementProvidingContext: tpm };
  }
  const credentials = associationProvider({
    className: 'TVDC_CredentialContext',
    namespace,
    *links(): Iterable<Link> {
      yield* credentialsOf(hostTpm.ekCertificateChain, hostPath);
      for (const tpm of parts.vtpms.list()) yield* credentialsOf(tpm.identity.ekCertificateChain, pathOf(tpm));
    },
    *linksOf(object) {
      const id = stringKey(object, 'DeviceID');
      const tpm = parts.vtpms.find(id ?? '');
      if (id === hostTpm.uuid) yield* credentialsOf(hostTpm.ekCertificateChain, hostPath);
      else if (tpm !== undefined) yield* credentialsOf(tpm.identity.ekCertificateChain, pathOf(tpm));
      else if (sameName(object.className, 'TVDC_Certificate')) yield* this.links();
    },
  });

  return [host, virtual, ...registerProviders(view), certificates, credentials];
}
