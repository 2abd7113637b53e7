import type { CimInstance, CimInstancePath } from '../../cim/model/index.js';
import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { processStreams, writeRecords } from '../output/index.js';

const stateNames: Readonly<Record<number, string>> = { 2: 'draft', 3: 'deployed', 4: 'enabled', 5: 'superseded' };

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
    state: stateNames[policy.getNumber('State') ?? 0] ?? 'unknown',
    digest: policy.getString('Digest') ?? '',
  };
}

async function pathOf(options: ConnectionOptions, name: string, version: string): Promise<CimInstancePath> {
  const { path } = await connectHost(options).policy(`${name} ${version}`);
  if (path === null) throw new UsageError('the server returned a policy without a path');
  return path;
}

export async function listPolicies(options: ConnectionOptions): Promise<void> {
  const rows = (await connectHost(options).policies()).map(toRow);
  writeRecords(processStreams, outputForm(options), rows, [
    ['POLICY', (row) => row.name],
    ['VERSION', (row) => row.version],
    ['STATE', (row) => row.state],
    ['SHA-256', (row) => row.digest],
  ]);
}

export async function importPolicyFile(file: string, options: ConnectionOptions): Promise<void> {
  const text = readText(file);
  const { findings } = await connectHost(options).importPolicy(text, text.trimStart().startsWith('<') ? 'xml' : 'json');
  for (const finding of findings) processStreams.notes.write(`${finding}\n`);
  processStreams.out.write(`${file} is a draft now\n`);
}

export async function deployPolicyOnHost(name: string, version: string, options: ConnectionOptions): Promise<void> {
  await connectHost(options).deployPolicy(await pathOf(options, name, version));
  processStreams.out.write(`${name} ${version} is deployed\n`);
}

export async function enablePolicyOnHost(name: string, version: string, options: ConnectionOptions): Promise<void> {
  const sentence = await connectHost(options).enablePolicy(await pathOf(options, name, version));
  processStreams.out.write(`${sentence}\n`);
}

export async function resetPolicyOnHost(options: ConnectionOptions): Promise<void> {
  await connectHost(options).resetPolicy();
  processStreams.out.write('the DEFAULT policy is enforced\n');
}

export async function exportPolicy(name: string, version: string, options: ConnectionOptions & { readonly form: string }): Promise<void> {
  if (options.form !== 'xml' && options.form !== 'json') throw new UsageError(`--form takes xml or json, not "${options.form}"`);
  processStreams.out.write(await connectHost(options).exportPolicy(await pathOf(options, name, version), options.form));
}
