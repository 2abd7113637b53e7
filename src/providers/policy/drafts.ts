import { createPolicy, type PolicyDocument, writePolicyJson } from '../../acm/index.js';
import { CimError, type CimInstancePath, type CimValue, stringKey } from '../../cim/index.js';
import type { MethodFunction, ProviderContext } from '../../cimom/index.js';
import { importPolicy, VmmError } from '../../vmm/index.js';
import { actorOf, type HostView, ownMethod, type Paths, requiredPath, requiredText, textList } from '../kit/index.js';

/** Name and version of a policy, as its InstanceID says. */
export interface PolicyName {
  readonly name: string;
  readonly version: string;
}

/** Name and version in the InstanceID of a policy. @throws CimError 4 */
export function policyOf(path: CimInstancePath): PolicyName {
  const match = /^TVDC:policy:(.+):([^:]+)$/.exec(stringKey(path, 'InstanceID') ?? '');
  if (match === null) throw new CimError(4, 'Policy must name a TVDC_SecurityPolicy');
  return { name: match[1] as string, version: match[2] as string };
}

const kinds: Readonly<Record<number, 'VM' | 'RES'>> = { 2: 'VM', 3: 'RES' };

/** Types that are declared already, then those that are new. */
function declared(known: readonly string[], used: readonly string[]): readonly string[] {
  return [...new Set([...known, ...used])];
}

function withLabel(
  document: PolicyDocument,
  kind: 'VM' | 'RES',
  name: string,
  ste: readonly string[],
  chwall: readonly string[],
): PolicyDocument {
  const labels = kind === 'VM' ? document.vmLabels : document.resourceLabels;
  if (labels.some((label) => label.name === name)) throw new VmmError('name_in_use', [name]);
  const types = {
    steTypes: declared(document.steTypes, ste),
    chwallTypes: declared(document.chwallTypes, chwall),
  };
  if (kind === 'VM') return { ...document, ...types, vmLabels: [...document.vmLabels, { name, ste, chwall }] };
  const [type, ...more] = ste;
  if (type === undefined || more.length > 0) throw new VmmError('invalid', ['the label of a resource has one type']);
  return { ...document, ...types, resourceLabels: [...document.resourceLabels, { name, type }] };
}

function without<T extends { readonly name: string }>(items: readonly T[], name: string): readonly T[] {
  const left = items.filter((item) => item.name !== name);
  if (left.length === items.length) throw new CimError(6, `the draft has no ${name}`);
  return left;
}

/** Methods that change a draft, one label or conflict set at a time. In any other state the policy store refuses. */
export function draftMethods(view: HostView, paths: Paths): Readonly<Record<string, MethodFunction>> {
  const { parts } = view;

  const revise = (
    context: ProviderContext,
    { name, version }: PolicyName,
    change: (document: PolicyDocument) => PolicyDocument,
  ): Promise<void> =>
    parts.locks.run('policy-draft', async () => {
      const record = parts.monitor.policies.get(name, version);
      if (record === undefined) throw new CimError(6, `no policy ${name} ${version} on this host`);
      const changed = createPolicy(change(record.document));
      await importPolicy(parts, actorOf(context), writePolicyJson(changed), 'json');
    });

  const labelOf = (parameters: Readonly<Record<string, CimValue>>) => {
    const id = stringKey(requiredPath(parameters, 'Label'), 'InstanceID') ?? '';
    const match = /^TVDC:label:(.+):([^:]+):(VM|RES):(.+)$/.exec(id);
    if (match === null) throw new CimError(4, 'Label must name a TVDC_SecurityLabel');
    const [, name, version, kind, label] = match as unknown as readonly [string, string, string, 'VM' | 'RES', string];
    return { policy: { name, version }, kind, label };
  };

  return {
    CreateLabel: (context, _self, parameters) =>
      ownMethod(async () => {
        const policy = policyOf(requiredPath(parameters, 'Policy'));
        const kind = kinds[Number(parameters['Kind'])];
        if (kind === undefined) throw new CimError(4, 'Kind is 2 (VM) or 3 (resource)');
        const name = requiredText(parameters, 'Name');
        const ste = textList(parameters, 'Types');
        const chwall = textList(parameters, 'ChineseWallTypes');
        await revise(context, policy, (document) => withLabel(document, kind, name, ste, chwall));
        return { Label: paths.label(policy.name, policy.version, kind, name) };
      }),
    DeleteLabel: (context, _self, parameters) =>
      ownMethod(async () => {
        const { policy, kind, label } = labelOf(parameters);
        await revise(context, policy, (document) =>
          kind === 'VM'
            ? { ...document, vmLabels: without(document.vmLabels, label) }
            : { ...document, resourceLabels: without(document.resourceLabels, label) },
        );
      }),
    CreateConflictSet: (context, _self, parameters) =>
      ownMethod(async () => {
        const policy = policyOf(requiredPath(parameters, 'Policy'));
        const name = requiredText(parameters, 'Name');
        const types = textList(parameters, 'Types');
        await revise(context, policy, (document) => {
          if (document.conflictSets.some((set) => set.name === name)) throw new VmmError('name_in_use', [name]);
          return { ...document, conflictSets: [...document.conflictSets, { name, types }] };
        });
        return { ConflictSet: paths.conflictSet(policy.name, policy.version, name) };
      }),
    DeleteConflictSet: (context, _self, parameters) =>
      ownMethod(async () => {
        const id = stringKey(requiredPath(parameters, 'ConflictSet'), 'InstanceID') ?? '';
        const match = /^TVDC:conflict:(.+):([^:]+):([^:]+)$/.exec(id);
        if (match === null) throw new CimError(4, 'ConflictSet must name a TVDC_ConflictSet');
        const [, name, version, set] = match as unknown as readonly [string, string, string, string];
        await revise(context, { name, version }, (document) => ({
          ...document,
          conflictSets: without(document.conflictSets, set),
        }));
      }),
  };
}
