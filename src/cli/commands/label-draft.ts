import { TvdcError } from '../../base/index.js';
import { stringKey } from '../../cim/model/index.js';
import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { type Streams, writeAnswer } from '../output/index.js';

interface DraftOptions extends ConnectionOptions {
  readonly resource?: boolean;
}

interface CreateOptions extends DraftOptions {
  readonly types: readonly string[];
  readonly chineseWall?: readonly string[];
}

/** Name and version in `name:version`. @throws UsageError */
function policyName(text: string): string {
  const match = /^(.+):([^:]+)$/.exec(text);
  if (match === null) throw new UsageError(`a policy is named as name:version, not "${text}"`);
  return `${match[1]} ${match[2]}`;
}

/** `tvdc label create POLICY NAME`: a label of a draft. */
export async function createDraftLabel(
  streams: Streams,
  policy: string,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const form = outputForm(options);
  const wanted = policyName(policy);
  const { createLabel } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const { path } = await host.policy(wanted);
  if (path === null) throw new UsageError('the server returned a policy without a path');
  const kind = options.resource === true ? 'resource' : 'vm';
  const types = options.types;
  const label = await createLabel(host, path, { kind, name, types, chineseWallTypes: options.chineseWall ?? [] });
  const id = stringKey(label, 'InstanceID');
  await writeAnswer(streams, form, `${wanted} has the ${kind} label ${name} now`, { policy: wanted, kind, name, id });
}

/** `tvdc label delete POLICY NAME`: takes a label out of a draft. */
export async function deleteDraftLabel(
  streams: Streams,
  policy: string,
  name: string,
  options: DraftOptions,
): Promise<void> {
  const form = outputForm(options);
  const wanted = policyName(policy);
  const { deleteLabel, hostLabels } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const kind = options.resource === true ? 'resource' : 'vm';
  const label = (await hostLabels(host, wanted)).find((item) => item.kind === kind && item.name === name);
  if (label === undefined) throw new TvdcError('not_found', `${wanted} has no ${kind} label ${name}`);
  await deleteLabel(host, label.path);
  await writeAnswer(streams, form, `${wanted} has no ${kind} label ${name} any more`, { policy: wanted, kind, name });
}
