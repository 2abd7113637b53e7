import { toHex } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, createInstance, stringKey } from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import type { PcrReading, Tpm12Client } from '../../tpm/index.js';
import type { VtpmFamily, VtpmInstance } from '../../vtpm/index.js';
import { associationProvider, elementFacts, type HostView, type Link, Paths } from '../kit/index.js';

const shownBanks = ['sha1', 'sha256'] as const;
type Bank = (typeof shownBanks)[number];

/** Banks that are shown; a TPM 1.2 knows SHA-1 alone. */
export function banksOf(family: VtpmFamily): readonly Bank[] {
  return family === '1.2' ? ['sha1'] : shownBanks;
}

interface WantedPcrs {
  readonly bank: Bank;
  readonly indexes: readonly number[];
}

/** One TPM of the host with the system that it belongs to. */
interface AnyTpm {
  readonly path: CimInstancePath;
  readonly id: string;
  readonly banks: readonly Bank[];
  read(wanted: readonly WantedPcrs[]): Promise<PcrReading>;
}

/** Registers of a TPM 1.2, which are read one by one and counted by nobody. */
async function readPcrs12(client: Tpm12Client, wanted: readonly WantedPcrs[]): Promise<PcrReading> {
  const values = [];
  for (const { indexes } of wanted) {
    for (const index of indexes) values.push({ bank: 'sha1', index, digest: await client.pcrRead(index) } as const);
  }
  return { updateCounter: 0, values };
}

const everyPcr = Array.from({ length: 24 }, (_, index) => index);

function pcrId(tpm: string, bank: string, index: number): string {
  return `TVDC:${tpm}:pcr:${bank}:${index}`;
}

/** TVDC_PCR and TVDC_TPMRegister: the registers of the host's TPM and of those virtual ones that run. */
export function registerProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, hostTpm } = view;
  const paths = new Paths(parts.identity, namespace);

  const ofHost = (): AnyTpm => ({
    path: paths.device('TVDC_TPM', 'host', hostTpm.uuid),
    id: hostTpm.uuid,
    banks: shownBanks,
    read: (wanted) => hostTpm.client.pcrRead(wanted),
  });
  const ofVm = (tpm: VtpmInstance): AnyTpm => ({
    path: paths.device('TVDC_VirtualTPM', tpm.vmUuid, tpm.uuid),
    id: tpm.uuid,
    banks: banksOf(tpm.family),
    read: (wanted) => (tpm.family === '1.2' ? readPcrs12(tpm.client12(), wanted) : tpm.client().pcrRead(wanted)),
  });
  function* all(): Iterable<AnyTpm> {
    yield ofHost();
    for (const tpm of parts.vtpms.list()) if (tpm.state === 'running') yield ofVm(tpm);
  }
  const find = (id: string): AnyTpm | undefined => {
    if (id === hostTpm.uuid) return ofHost();
    const tpm = parts.vtpms.find(id);
    return tpm?.state === 'running' ? ofVm(tpm) : undefined;
  };

  async function readPcrs(
    context: ProviderContext,
    tpm: AnyTpm,
    wanted: readonly WantedPcrs[],
  ): Promise<CimInstance[]> {
    const reading = await tpm.read(wanted);
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
          tpm.banks.map((bank) => ({ bank, indexes: everyPcr })),
        );
    },
    async get(context, path) {
      const match = /^TVDC:(.+):pcr:(\w+):(\d+)$/.exec(stringKey(path, 'InstanceID') ?? '');
      const tpm = find(match?.[1] ?? '');
      const bank = tpm?.banks.find((item) => item === match?.[2]);
      const index = Number(match?.[3]);
      if (tpm === undefined || bank === undefined || !(index < 24)) return null;
      return (await readPcrs(context, tpm, [{ bank, indexes: [index] }]))[0] ?? null;
    },
  };

  function* registersOf(tpm: AnyTpm): Iterable<Link> {
    for (const bank of tpm.banks) {
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
  return [pcrs, registers];
}
