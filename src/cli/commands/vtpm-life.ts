import { type Command, Option } from 'commander';
import { fromBase64, toBase64 } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, formatObjectPath } from '../../cim/index.js';
import type { ImportOffer, ManagedHost } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readBytes, readText, writeBytes, writeSecret } from '../files.js';
import { print, type Streams, toJson, writeAnswer } from '../output/index.js';
import { certificateOf, tpmOf } from './vtpm-find.js';

type FileOptions = ConnectionOptions & { readonly file: string };
type ExportOptions = FileOptions & { readonly offer: string };
type CreateOptions = ConnectionOptions & { readonly tpm: string };
type CertOptions = ConnectionOptions & { readonly chain?: boolean; readonly file?: string };

const versions = ['2.0', '1.2'];
const tpmArgument = 'name or UUID of a VM, or id of a TPM';

function management() {
  return import('../../client/management/index.js');
}

async function create(streams: Streams, name: string, options: CreateOptions): Promise<void> {
  const form = outputForm(options);
  const { createVirtualTpm } = await management();
  const host = await connectHost(options);
  const tpm = await createVirtualTpm(host, (await host.vm(name)).path, options.tpm);
  await writeAnswer(streams, form, `${name} has a virtual TPM now`, { vm: name, path: formatObjectPath(tpm) });
}

/** An action on a TPM that answers with nothing but its outcome. */
function change(
  streams: Streams,
  sentence: (name: string) => string,
  work: (host: ManagedHost, tpm: CimInstancePath) => Promise<void>,
) {
  return async (name: string, options: ConnectionOptions): Promise<void> => {
    const form = outputForm(options);
    const host = await connectHost(options);
    const tpm = await tpmOf(streams, host, name);
    await work(host, tpm);
    await writeAnswer(streams, form, sentence(name), { vm: name, path: formatObjectPath(tpm) });
  };
}

/** The certificate of a TPM and, by their names, those of who issued it. */
function chainOf(own: CimInstance, all: readonly CimInstance[]): readonly CimInstance[] {
  const chain = [own];
  for (let last = own; chain.length <= all.length; ) {
    const issuer = all.find((item) => item.getString('Subject') === last.getString('IssuerName'));
    if (issuer === undefined || chain.some((item) => item.getString('InstanceID') === issuer.getString('InstanceID')))
      break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

async function cert(streams: Streams, name: string, options: CertOptions): Promise<void> {
  const form = outputForm(options);
  const host = await connectHost(options);
  const { client, namespace } = host;
  const tpm = await tpmOf(streams, host, name);
  const own = await certificateOf(streams, host, tpm, name);
  const all = options.chain === true ? await client.instances('TVDC_Certificate', { namespace }).toArray() : [];
  const chain = chainOf(own, all);
  const pem = chain.map((item) => `${(item.getString('PEM') ?? '').trimEnd()}\n`).join('');
  if (options.file !== undefined) {
    writeBytes(options.file, pem);
    return writeAnswer(streams, form, `${chain.length} in ${options.file}`, {
      file: options.file,
      count: chain.length,
    });
  }
  if (form === 'table') return print(streams, pem);
  const facts = chain.map((item) => ({
    subject: item.getString('Subject'),
    issuer: item.getString('IssuerName'),
    valid: item.get('IsValid') === true,
    pem: item.getString('PEM'),
  }));
  await print(streams, `${toJson(facts, form === 'json' ? 2 : undefined)}\n`);
}

async function prepare(streams: Streams, vm: string, options: FileOptions): Promise<void> {
  const form = outputForm(options);
  const { prepareImport } = await management();
  const offer = await prepareImport(await connectHost(options), vm);
  writeBytes(options.file, `${toJson({ vm, key: toBase64(offer.key), nonce: offer.nonce }, 2)}\n`);
  await writeAnswer(streams, form, `${options.file} goes to the host that sends the TPM; it serves once`, {
    vm,
    file: options.file,
  });
}

/** @throws UsageError */
function readOffer(file: string): ImportOffer {
  try {
    const { key, nonce } = JSON.parse(readText(file)) as { readonly key?: unknown; readonly nonce?: unknown };
    if (typeof key === 'string' && typeof nonce === 'string') return { key: fromBase64(key), nonce };
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  throw new UsageError(`${file} is not what "tvdc vtpm prepare" writes`);
}

async function send(streams: Streams, name: string, options: ExportOptions): Promise<void> {
  const form = outputForm(options);
  const offer = readOffer(options.offer);
  const { exportVirtualTpm } = await management();
  const host = await connectHost(options);
  const state = await exportVirtualTpm(host, await tpmOf(streams, host, name), offer);
  writeSecret(options.file, state);
  await writeAnswer(streams, form, `the TPM of ${name} is in ${options.file}, for the one host that prepared for it`, {
    vm: name,
    file: options.file,
    bytes: state.length,
  });
}

async function take(streams: Streams, name: string, options: FileOptions): Promise<void> {
  const form = outputForm(options);
  const state = readBytes(options.file);
  const { importVirtualTpm } = await management();
  const host = await connectHost(options);
  const tpm = await importVirtualTpm(host, (await host.vm(name)).path, state);
  await writeAnswer(streams, form, `${name} has its virtual TPM here now`, { vm: name, path: formatObjectPath(tpm) });
}

/** Verbs that make, move and end the virtual TPMs of a host. */
export function addTpmLife(vtpm: Command, streams: Streams): void {
  const online = (name: string, description: string): Command =>
    withConnection(vtpm.command(name).description(description));
  online('create', 'give a virtual machine that is off a virtual TPM')
    .argument('<vm>', 'name or UUID of a VM')
    .addOption(
      new Option('--tpm <version>', 'version; 1.2 is for guests that know no other, and is worth less')
        .choices(versions)
        .default('2.0'),
    )
    .action((name: string, options: CreateOptions) => create(streams, name, options));
  online('destroy', 'delete the virtual TPM of a machine that is off, with its keys')
    .argument('<vm>', tpmArgument)
    .action(
      change(
        streams,
        (name) => `${name} has no virtual TPM any more`,
        async (host, tpm) => (await management()).destroyVirtualTpm(host, tpm),
      ),
    );
  online('reset', 'clear the virtual TPM of a machine that is off: keys, indices and passwords of its owner')
    .argument('<vm>', tpmArgument)
    .action(
      change(
        streams,
        (name) => `the virtual TPM of ${name} is cleared`,
        async (host, tpm) => (await management()).resetVirtualTpm(host, tpm),
      ),
    );
  online('recover', 'take back an exported virtual TPM that never reached its target')
    .argument('<vm>', tpmArgument)
    .action(
      change(
        streams,
        (name) => `the virtual TPM of ${name} is usable here again`,
        async (host, tpm) => (await management()).recoverVirtualTpm(host, tpm),
      ),
    );
  online('renew', 'issue the certificate of its endorsement key again and revoke the one before')
    .argument('<vm>', tpmArgument)
    .action(
      change(
        streams,
        (name) => `the virtual TPM of ${name} has a new certificate`,
        async (host, tpm) => (await management()).renewCertificate(host, tpm),
      ),
    );
  online('cert', 'the certificate of the endorsement key, as PEM')
    .argument('<vm>', tpmArgument)
    .option('--chain', 'with the certificates of who issued it')
    .option('--file <file>', 'where it goes')
    .action((name: string, options: CertOptions) => cert(streams, name, options));
  online('prepare', 'on the host that takes a virtual TPM: an offer for the one that sends it')
    .argument('<vm-uuid>', 'UUID of the virtual machine that comes')
    .requiredOption('--file <file>', 'where the offer goes')
    .action((vm: string, options: FileOptions) => prepare(streams, vm, options));
  online('export', 'encrypt a virtual TPM to the host that made an offer; here it is unusable then')
    .argument('<vm>', tpmArgument)
    .requiredOption('--offer <file>', 'what "tvdc vtpm prepare" wrote on the other host')
    .requiredOption('--file <file>', 'where the encrypted TPM goes')
    .action((name: string, options: ExportOptions) => send(streams, name, options));
  online('import', 'take a virtual TPM that was encrypted to this host')
    .argument('<vm>', 'name or UUID of the VM that it belongs to')
    .requiredOption('--file <file>', 'what "tvdc vtpm export" wrote')
    .action((name: string, options: FileOptions) => take(streams, name, options));
}
