import { domainZero, encodePolicyBinary, type Question, tryParseLabel, writePolicyJson } from '../../acm/index.js';
import { toBase64 } from '../../base/index.js';
import { CimError, type CimValue } from '../../cim/index.js';
import { type MethodFunction, outOfScope, type Provider } from '../../cimom/index.js';
import { changeLabel, deployPolicy, enablePolicy, importPolicy, resetPolicy } from '../../vmm/index.js';
import {
  actorOf,
  type HostView,
  listProvider,
  optionalText,
  ownMethod,
  Paths,
  requiredPath,
  requiredText,
  serviceValues,
} from '../kit/index.js';
import { draftMethods, policyOf } from './drafts.js';
import { labelTargetOf } from './elements.js';

const className = 'TVDC_SecurityPolicyService';
const forms: Readonly<Record<number, 'xml' | 'json' | 'binary'>> = { 2: 'xml', 3: 'json', 4: 'binary' };

function formOf(value: CimValue | undefined): 'xml' | 'json' | 'binary' {
  const form = typeof value === 'number' ? forms[value] : undefined;
  if (form === undefined) throw new CimError(4, 'Format is 2 (XML), 3 (JSON) or 4 (binary)');
  return form;
}

const hooks = ['sharing', 'authorization', 'conflict', 'resource', 'vlan', 'vif'] as const;

/** The question of EvaluateAccess: names of virtual machines may stand for their UUIDs, names of volumes for theirs. */
function questionOf(view: HostView, parameters: Readonly<Record<string, CimValue>>): Question {
  const { inventory } = view.parts;
  const hook = hooks.find((name) => name === parameters['Hook']);
  if (hook === undefined) throw new CimError(4, `Hook is one of ${hooks.join(', ')}`);
  const vm = (text: string | null): string | null => (text === null ? null : (inventory.vmByName(text)?.uuid ?? text));
  const subject = vm(optionalText(parameters, 'Subject'));
  const given = optionalText(parameters, 'Object');
  const object =
    hook === 'resource' && given !== null
      ? ((inventory.volume(given) ?? inventory.volumeByResource(given))?.resource ?? given)
      : hook === 'vlan'
        ? (given?.replace(/^vlan:/, '') ?? null)
        : vm(given);
  const subjectLabel = optionalText(parameters, 'SubjectLabel');
  const objectLabel = optionalText(parameters, 'ObjectLabel');
  for (const label of [subjectLabel, objectLabel]) {
    if (label !== null && tryParseLabel(label, view.parts.monitor.policy.name) === null)
      throw new CimError(4, `not a label: "${label}"`);
  }
  return {
    hook,
    ...(subject === null ? {} : { subject }),
    ...(object === null ? {} : { object }),
    ...(subjectLabel === null ? {} : { subjectLabel }),
    ...(objectLabel === null ? {} : { objectLabel }),
  };
}

/** Elements that a question is about, apart from the management VM. */
function elementsOf({ hook, subject, object }: Question): readonly string[] {
  const wanted = object !== undefined && hook === 'vlan' ? `vlan:${object}` : object;
  return [subject, wanted].filter((element) => element !== undefined && element !== domainZero) as readonly string[];
}

function labelMethods(view: HostView): Readonly<Record<string, MethodFunction>> {
  const { parts } = view;
  return {
    AssignLabel: (context, _self, parameters) =>
      ownMethod(async () => {
        const target = labelTargetOf(view, requiredPath(parameters, 'Element'));
        const old = parameters['OldLabel'];
        const label = requiredText(parameters, 'Label');
        const decision = await changeLabel(
          parts,
          actorOf(context),
          target,
          label,
          typeof old === 'string' ? old : undefined,
        );
        return { Explanation: decision.sentence };
      }),
    RemoveLabel: (context, _self, parameters) =>
      ownMethod(async () => {
        const target = labelTargetOf(view, requiredPath(parameters, 'Element'));
        const old = parameters['OldLabel'];
        await changeLabel(parts, actorOf(context), target, null, typeof old === 'string' ? old : undefined);
      }),
    EvaluateAccess: (context, _self, parameters) =>
      ownMethod(async () => {
        const question = questionOf(view, parameters);
        for (const element of elementsOf(question)) {
          if (view.veil.hides(context.caller, element)) throw new CimError(2, outOfScope);
        }
        const decision = parts.monitor.ask(question);
        return {
          Decision: decision.permit ? 'permit' : 'deny',
          Reason: decision.reason,
          Rule: decision.rule,
          EnforcedBy: decision.enforcedBy,
          SubjectTypes: decision.subjectTypes.join(' '),
          ObjectTypes: decision.objectTypes.join(' '),
          CommonTypes: decision.common.join(' '),
          Explanation: decision.sentence,
        };
      }),
  };
}

/** What happens to a label that a policy would no longer define. */
function lostLabel({ parts }: HostView, label: string, elements: readonly string[]): string {
  const { inventory } = parts;
  const names = elements.map((id) => inventory.vm(id)?.name ?? inventory.volumeByResource(id)?.name ?? id);
  return `${label} would not be defined any more: ${names.join(', ')}`;
}

function policyMethods(view: HostView, paths: Paths): Readonly<Record<string, MethodFunction>> {
  const { parts } = view;
  return {
    ImportPolicy: (context, _self, parameters) =>
      ownMethod(async () => {
        const form = formOf(parameters['Format']);
        if (form === 'binary') {
          throw new CimError(4, 'the binary form has no names of types and labels: Format is 2 (XML) or 3 (JSON)');
        }
        const { record, findings } = await importPolicy(
          parts,
          actorOf(context),
          requiredText(parameters, 'Document'),
          form,
        );
        return {
          Policy: paths.policy(record.name, record.version),
          Findings: findings.map(({ xserr, message }) => (xserr === null ? message : `${xserr}: ${message}`)),
        };
      }),
    DeployPolicy: (context, _self, parameters) =>
      ownMethod(async () => {
        const { name, version } = policyOf(requiredPath(parameters, 'Policy'));
        await deployPolicy(parts, actorOf(context), name, version);
      }),
    EnablePolicy: (context, _self, parameters) =>
      ownMethod(async () => {
        const { name, version } = policyOf(requiredPath(parameters, 'Policy'));
        const decision = await enablePolicy(parts, actorOf(context), name, version);
        return { Explanation: decision.sentence };
      }),
    PlanPolicy: (_context, _self, parameters) =>
      ownMethod(async () => {
        const { name, version } = policyOf(requiredPath(parameters, 'Policy'));
        const record = parts.monitor.policies.get(name, version);
        if (record === undefined) throw new CimError(6, `no policy ${name} ${version} on this host`);
        const { decision, breaks, dormant, invalidated } = parts.monitor.plan(record.document);
        return {
          Permitted: decision.permit,
          Breaks: breaks.map(({ sentence }) => sentence),
          Dormant: dormant.map(({ sentence }) => sentence),
          Invalidated: invalidated.map(({ label, elements }) => lostLabel(view, label, elements)),
          Explanation: decision.sentence,
        };
      }),
    ResetPolicy: (context) =>
      ownMethod(async () => {
        await resetPolicy(parts, actorOf(context));
      }),
    ExportPolicy: (_context, _self, parameters) =>
      ownMethod(async () => {
        const form = formOf(parameters['Format']);
        const { name, version } = policyOf(requiredPath(parameters, 'Policy'));
        const stored = parts.monitor.policies.get(name, version);
        const { policy } = parts.monitor;
        const record = stored ?? (policy.name === name && policy.version === version ? policy : undefined);
        if (record === undefined) throw new CimError(6, `no policy ${name} ${version} on this host`);
        if (form === 'xml') return { Document: record.xml };
        if (form === 'json') return { Document: writePolicyJson(record.document) };
        return { Document: toBase64(encodePolicyBinary(record.document, { mode: parts.monitor.mode })) };
      }),
  };
}

/** TVDC_SecurityPolicyService: policies and labels of one host. */
export function policyServiceProvider(view: HostView): Provider {
  const paths = new Paths(view.parts.identity, view.namespace);
  return listProvider({
    className,
    namespace: view.namespace,
    rows: () => [view.parts.identity],
    values: () => serviceValues(paths, className, 'Security policy'),
    methods: { ...policyMethods(view, paths), ...draftMethods(view, paths), ...labelMethods(view) },
  });
}
