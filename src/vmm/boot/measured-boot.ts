import { readFile } from 'node:fs/promises';
import { ConfigurationError, hash, type HashAlgorithm, messageOf, toHex } from '../../base/index.js';
import type { ExtendedEvent } from '../../tpm/index.js';
import {
  bootAggregate,
  bootAggregateName,
  createEventLog,
  createImaLog,
  decodeEventLog,
  type EventLogWriter,
  replayEventLog,
  tcgEventTypes,
} from '../../tpm/logs/index.js';
import { type BootImage, type ImageFile, readImage } from './image.js';

/** Banks that a boot extends. */
export const measuredBanks: readonly HashAlgorithm[] = ['sha1', 'sha256'];

/** Logs of one boot and what they extend, in order. */
export interface MeasuredBoot {
  /** TCG event log, crypto-agile. */
  readonly eventLog: Uint8Array;
  /** IMA measurement list, binary, template ima-ng. */
  readonly measurements: Uint8Array;
  readonly extensions: readonly ExtendedEvent[];
}

type Digests = Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;

/** Digests of one measured event as what is to be extended. */
export function toExtension(pcr: number, digests: Digests): ExtendedEvent {
  return {
    pcr,
    digests: measuredBanks.flatMap((algorithm) => {
      const digest = digests[algorithm];
      return digest === undefined ? [] : [{ algorithm, digest }];
    }),
  };
}

async function contentOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigurationError('bad_image', `cannot measure ${file}: ${messageOf(error)}`, { cause: error });
  }
}

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(`${text}\0`, 'utf8'));

/** CRTM, firmware, boot loader with its configuration, kernel: PCRs as in the PC Client profile and measured GRUB. */
async function measureFirmware(image: BootImage, log: EventLogWriter): Promise<ExtendedEvent[]> {
  const out: ExtendedEvent[] = [];
  const measure = (pcr: number, type: number, data: Uint8Array, measured?: Uint8Array): void => {
    const extension = log.append({ pcr, type, data, ...(measured === undefined ? {} : { measured }) });
    out.push(toExtension(pcr, extension.digests));
  };
  const types = tcgEventTypes;
  measure(0, types.EV_S_CRTM_VERSION, new Uint8Array(Buffer.from(image.crtm, 'utf16le')));
  measure(0, types.EV_POST_CODE, ascii('POST CODE'), await contentOf(image.firmware));
  for (let pcr = 0; pcr <= 7; pcr++) measure(pcr, types.EV_SEPARATOR, new Uint8Array(4));
  measure(4, types.EV_IPL, ascii('boot loader'), await contentOf(image.bootLoader));
  measure(8, types.EV_IPL, ascii('boot configuration'), await contentOf(image.bootConfiguration));
  measure(8, types.EV_IPL, ascii(`kernel_cmdline: ${image.commandLine}`));
  measure(9, types.EV_IPL, ascii('kernel'), await contentOf(image.kernel));
  return out;
}

function aggregateOf(eventLog: Uint8Array): Uint8Array {
  const replayed = replayEventLog(decodeEventLog(eventLog), 'sha256');
  const values = Array.from({ length: 10 }, (_, pcr) => replayed.get(pcr) ?? new Uint8Array(32));
  return bootAggregate('sha256', values) as Uint8Array;
}

/** Appends files to a measurement list as the kernel does when it loads them. */
export async function measureFiles(
  files: readonly ImageFile[],
  existing: Uint8Array,
): Promise<Omit<MeasuredBoot, 'eventLog'>> {
  const log = createImaLog({ banks: measuredBanks, existing });
  const extensions: ExtendedEvent[] = [];
  for (const file of files) {
    const digest = { algorithm: 'sha256', value: hash('sha256', await contentOf(file.source)) } as const;
    const measured = log.measure({ digest, path: file.path });
    extensions.push(toExtension(measured.pcr, measured.digests));
  }
  return { measurements: log.toBinary(), extensions };
}

/**
 * Measures an image as its boot would: firmware and boot loader into a TCG event log, then the files that the running
 * system loads into an IMA list that begins with the boot aggregate.
 * @throws ConfigurationError `bad_image`: a file cannot be read
 */
export async function measureBoot(image: BootImage): Promise<MeasuredBoot> {
  const events = createEventLog({ banks: measuredBanks });
  const firmware = await measureFirmware(image, events);
  const eventLog = events.toBytes();
  const first = createImaLog({ banks: measuredBanks });
  const aggregate = first.measure({
    digest: { algorithm: 'sha256', value: aggregateOf(eventLog) },
    path: bootAggregateName,
  });
  const rest = await measureFiles(image.files, first.toBinary());
  return {
    eventLog,
    measurements: rest.measurements,
    extensions: [...firmware, toExtension(aggregate.pcr, aggregate.digests), ...rest.extensions],
  };
}

/**
 * SHA-256 over all that an image extends when it boots, hex: two images with the same digest boot the same.
 * @throws ConfigurationError `bad_image`
 */
export async function imageDigest(folder: string): Promise<string> {
  const { extensions } = await measureBoot(await readImage(folder));
  const all = extensions.map(({ pcr, digests }) => [pcr, ...digests.map(({ digest }) => toHex(digest))].join(' '));
  return toHex(hash('sha256', Buffer.from(all.join('\n'))));
}
