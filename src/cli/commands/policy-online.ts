import { fromBase64, TvdcError } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, stringKey } from '../../cim/model/index.js';
import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { print, type Streams, writeAnswer, writeRecords } from '../output/index.js';

/** Words for the property State of TVDC_SecurityPolicy. */
export const policyStates: Readonly<Record<number, string>> = {
  2: 'draft',
  3: 'deployed',
  4: 'enabled',
  5: 'superseded',
};

interface PolicyRow {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly digest: string;
}

function toRow(policy: CimInstance): PolicyRow {
  return {
    name: policy.getString('PolicyName') ?? '',
    version: policy.getString('PolicyVersion') ?? '',
    state: policyStates[policy.getNumber('State') ?? 0] ?? 'unknown',
    digest: policy.getString('Digest') ?? '',
  };
}

async function pathOf(options: ConnectionOptions, name: string, version: string): Promise<CimInstancePath> {
  const { path } = await (await connectHost(options)).policy(`${name} ${version}`);
  if (path === null) throw new UsageError('the server returned a policy without a path');
  return path;
}

export async function listPolicies(streams: Streams, options: ConnectionOptions): Promise<void> {
  const rows = (await (await connectHost(options)).policies()).map(toRow);
  await writeRecords(streams, outputForm(options), rows, [
    ['POLICY', (row) => row.name],
    ['VERSION', (row) => row.version],
    ['STATE', (row) => row.state],
    ['SHA-256', (row) => row.digest],
  ]);
}

export async function importPolicyFile(streams: Streams, file: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const text = readText(file);
  const isXml = /^[\s\ufeff]*</.test(text);
  const host = await connectHost(options);
  const { policy, findings } = await host.importPolicy(text, isXml ? 'xml' : 'json').catch((error: unknown) => {
    if (!(error instanceof TvdcError) || error.code !== 'method_refused') throw error;
    throw new TvdcError('method_refused', `${file}: ${error.message}`, { cause: error });
  });
  const id = stringKey(policy, 'InstanceID');
  await writeAnswer(streams, form, [...findings, `${file} is a draft now`].join('\n'), { policy: id, findings });
}

export async function deployPolicyOnHost(
  streams: Streams,
  name: string,
  version: string,
  options: ConnectionOptions,
): Promise<void> {
  await (await connectHost(options)).deployPolicy(await pathOf(options, name, version));
  await writeAnswer(streams, outputForm(options), `${name} ${version} is deployed`, {
    name,
    version,
    state: 'deployed',
  });
}

export async function enablePolicyOnHost(
  streams: Streams,
  name: string,
  version: string,
  options: ConnectionOptions,
): Promise<void> {
  const said = await (await connectHost(options)).enablePolicy(await pathOf(options, name, version));
  const sentence = said === '' ? `${name} ${version} is enforced` : said;
  await writeAnswer(streams, outputForm(options), sentence, { name, version, state: 'enabled', sentence });
}

export async function resetPolicyOnHost(streams: Streams, options: ConnectionOptions): Promise<void> {
  await (await connectHost(options)).resetPolicy();
  await writeAnswer(streams, outputForm(options), 'the DEFAULT policy is enforced', {
    name: 'DEFAULT',
    state: 'enabled',
  });
}

export async function exportPolicy(
  streams: Streams,
  name: string,
  version: string,
  options: ConnectionOptions & { readonly form: string },
): Promise<void> {
  const { form } = options;
  if (form !== 'xml' && form !== 'json' && form !== 'binary') {
    throw new UsageError(`--form takes xml, json or binary, not "${form}"`);
  }
  const document = await (await connectHost(options)).exportPolicy(await pathOf(options, name, version), form);
  await print(streams, form === 'binary' ? fromBase64(document) : document);
}
