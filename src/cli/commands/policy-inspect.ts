import {
  diffPolicies,
  parsePolicyJson,
  type PolicyDocument,
  type PolicyDifference,
  policyDigests,
} from '../../acm/index.js';
import { type CimInstance, stringKey } from '../../cim/model/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { print, type Streams, toJson, writeRecords } from '../output/index.js';
import { policyStates } from './policy-online.js';
import { readDocument, readValidDocument } from './policy-document.js';

interface LabelFacts {
  readonly kind: string;
  readonly name: string;
  readonly types: readonly string[];
  readonly chineseWall: readonly string[];
}

async function documentOf(host: ManagedHost, policy: CimInstance): Promise<PolicyDocument> {
  if (policy.path === null) throw new UsageError('the server returned a policy without a path');
  return parsePolicyJson(await host.exportPolicy(policy.path, 'json'));
}

function labelsOf(document: PolicyDocument): readonly LabelFacts[] {
  return [
    ...document.vmLabels.map(({ name, ste, chwall }) => ({ kind: 'VM', name, types: ste, chineseWall: chwall })),
    ...document.resourceLabels.map(({ name, type }) => ({ kind: 'resource', name, types: [type], chineseWall: [] })),
  ];
}

/** `tvdc policy show NAME VERSION`: what a policy of a host says. */
export async function showPolicy(
  streams: Streams,
  name: string,
  version: string,
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const host = await connectHost(options);
  const policy = await host.policy(`${name} ${version}`);
  const document = await documentOf(host, policy);
  const facts = {
    name,
    version,
    state: policyStates[policy.getNumber('State') ?? 0] ?? 'unknown',
    id: policy.path === null ? '' : stringKey(policy.path, 'InstanceID'),
    fromPolicy: policy.getString('FromName'),
    fromVersion: policy.getString('FromVersion'),
    sha256: policy.getString('Digest'),
    sha1: policy.getString('SHA1'),
    bootstrap: document.bootstrap,
    types: document.steTypes,
    chineseWallTypes: document.chwallTypes,
    conflictSets: document.conflictSets.map((set) => ({ name: set.name, types: set.types })),
    labels: labelsOf(document),
  };
  if (form !== 'table') return print(streams, `${toJson(facts, form === 'json' ? 2 : undefined)}\n`);
  const from = facts.fromPolicy === null ? '-' : `${facts.fromPolicy} ${facts.fromVersion ?? ''}`;
  const lines = [
    `policy        ${name} ${version}, ${facts.state}`,
    `from          ${from}`,
    `sha256        ${facts.sha256 ?? ''}`,
    `sha1          ${facts.sha1 ?? ''}`,
    `bootstrap     ${facts.bootstrap}`,
    `types         ${facts.types.join(' ')}`,
    `chinese wall  ${facts.chineseWallTypes.join(' ')}`,
    ...facts.conflictSets.map((set) => `conflict set  ${set.name}: ${set.types.join(' ')}`),
  ];
  await print(streams, `${lines.join('\n')}\n\n`);
  await writeRecords(streams, form, facts.labels, [
    ['LABEL', (label) => label.name],
    ['KIND', (label) => label.kind],
    ['TYPES', (label) => label.types.join(' ')],
    ['CHINESE WALL', (label) => label.chineseWall.join(' ')],
  ]);
}

/** A policy of a host as NAME:VERSION; anything else is a file. */
async function policySource(streams: Streams, text: string, options: ConnectionOptions): Promise<PolicyDocument> {
  const match = /^([^/\\]+):(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return readDocument(streams, text);
  const host = await connectHost(options);
  return documentOf(host, await host.policy(`${match[1]} ${match[2]}`));
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : toJson(value);
}

/** `tvdc policy diff A B` @throws Exit 1 where they differ */
export async function diffPolicyDocuments(
  streams: Streams,
  before: string,
  after: string,
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const [a, b] = [await policySource(streams, before, options), await policySource(streams, after, options)];
  const differences = diffPolicies(a, b);
  if (form === 'table' && differences.length === 0) await print(streams, 'no difference\n');
  else {
    await writeRecords<PolicyDifference>(streams, form, differences, [
      ['CHANGE', (item) => item.change],
      ['WHAT', (item) => item.kind],
      ['NAME', (item) => (item.from === undefined ? item.name : `${item.from} -> ${item.name}`)],
      ['BEFORE', (item) => shown(item.before)],
      ['AFTER', (item) => shown(item.after)],
    ]);
  }
  if (differences.length > 0) throw new Exit(exitStatus.no);
}

interface Comparison {
  readonly what: string;
  readonly document: string;
  readonly host: string;
  readonly equal: boolean;
}

/** `tvdc policy verify FILE`: is this document what the host enforces? @throws Exit 1 where it is not */
export async function verifyPolicy(
  streams: Streams,
  file: string,
  options: ConnectionOptions & { readonly deployed?: boolean },
): Promise<void> {
  const form = outputForm(options);
  const wanted = readValidDocument(streams, file, 'strict');
  const { sha1, sha256 } = policyDigests(wanted);
  const state = options.deployed === true ? 'deployed' : 'enabled';
  const found = (await (await connectHost(options)).policies()).find(
    (policy) => policyStates[policy.getNumber('State') ?? 0] === state,
  );
  const compare = (what: string, document: string, property: string): Comparison => {
    const host = found?.getString(property) ?? '';
    return { what, document, host, equal: document === host };
  };
  const comparisons = [
    compare('name', wanted.name, 'PolicyName'),
    compare('version', wanted.version.text, 'PolicyVersion'),
    compare('sha256', sha256, 'Digest'),
    compare('sha1', sha1, 'SHA1'),
  ];
  const same = comparisons.every(({ equal }) => equal);
  if (form !== 'table') {
    await print(streams, `${toJson({ same, state, comparisons }, form === 'json' ? 2 : undefined)}\n`);
  } else {
    await print(streams, `${file} is ${same ? '' : 'not '}what the host has ${state}\n`);
    await writeRecords(streams, form, comparisons, [
      ['', (item) => (item.equal ? '=' : '!')],
      ['WHAT', (item) => item.what],
      ['DOCUMENT', (item) => item.document],
      ['HOST', (item) => item.host],
    ]);
  }
  if (!same) throw new Exit(exitStatus.no);
}
