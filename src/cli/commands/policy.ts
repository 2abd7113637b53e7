import { Command } from 'commander';
import { type ConnectionOptions, withConnection } from '../connection/index.js';
import type { Streams } from '../output/index.js';
import { checkPolicy, convertPolicy } from './policy-check.js';
import {
  deployPolicyOnHost,
  enablePolicyOnHost,
  exportPolicy,
  importPolicyFile,
  listPolicies,
  resetPolicyOnHost,
} from './policy-online.js';
import { diffPolicyDocuments, showPolicy, verifyPolicy } from './policy-inspect.js';
import { planPolicyOnHost, policyStatistics } from './policy-plan.js';
import { simulatePolicy } from './policy-simulate.js';

const compat = ['--compat <mode>', 'xen: as the original implementation decided (default: strict)'] as const;

/** An action that is told where to write. */
function to<A extends unknown[]>(streams: Streams, action: (streams: Streams, ...rest: A) => Promise<void>) {
  return (...rest: A): Promise<void> => action(streams, ...rest);
}

function addOffline(policy: Command, streams: Streams): void {
  policy
    .command('check')
    .argument('<file>', 'policy in XML or JSON, - for standard input')
    .option(...compat)
    .option('-o, --output <form>', 'table, json, ndjson (default table)')
    .description('check a document; status 0 valid, 1 not valid')
    .addHelpText('after', '\nExample: tvdc policy check -o json policy.xml')
    .action(to(streams, checkPolicy));
  policy
    .command('convert')
    .argument('<file>', 'policy in XML or JSON, - for standard input')
    .requiredOption('--to <form>', 'xml, binary, map or json')
    .requiredOption('--output <file>', 'where to write, - for standard output')
    .description('write a document in another form')
    .addHelpText('after', '\nExample: tvdc policy convert --to binary --output policy.bin policy.xml')
    .action(to(streams, convertPolicy));
  policy
    .command('simulate')
    .argument('<policy>', 'policy in XML or JSON')
    .argument('<events>', 'JSON array, or one JSON object a line; - for standard input')
    .option(...compat)
    .option('-o, --output <form>', 'ndjson, json, table (default ndjson)')
    .description('replay events against a policy, without touching any host; one decision a line')
    .addHelpText(
      'after',
      `
Events: {"op":"start","vm":"ma-1","label":"MA"} and stop, suspend, pause, resume, migrate_in, migrate_out, attach_resource,
connect_vlan, connect_vif, communicate, set_system_label, relabel_vm, label_resource, update_policy, can_run,
check_vm_label, check_resource_label.

Example: echo '{"op":"start","vm":"ma-1","label":"MA"}' | tvdc policy simulate policy.json - -o table`,
    )
    .action(to(streams, simulatePolicy));
}

export function policyCommand(streams: Streams): Command {
  const policy = new Command('policy').description('security policies: documents, and those of a host');
  addOffline(policy, streams);
  const online = (name: string, description: string): Command =>
    withConnection(policy.command(name).description(description));
  const versioned = (name: string, description: string): Command =>
    online(name, description).argument('<name>', 'of the policy').argument('<version>', 'of the policy, as 1.0');
  online('list', 'the policies of a host').action(to(streams, listPolicies));
  online('import', 'store a document as a draft').argument('<file>').action(to(streams, importPolicyFile));
  versioned('deploy', 'make a draft the next policy').action(to(streams, deployPolicyOnHost));
  versioned('show', 'what a policy of the host says').action(to(streams, showPolicy));
  versioned('enable', 'enforce a deployed policy; refused where running systems would violate it')
    .option(
      '--plan',
      'only tell what would break now, and what would be refused later; status 1 if it would be refused',
    )
    .action((name: string, version: string, options: ConnectionOptions & { readonly plan?: boolean }) =>
      (options.plan === true ? planPolicyOnHost : enablePolicyOnHost)(streams, name, version, options),
    );
  online('diff', 'what changes from one policy to another; status 1 if something does')
    .argument('<before>', 'file, or name:version of a policy of the host')
    .argument('<after>', 'file, or name:version of a policy of the host')
    .addHelpText('after', '\nExample: tvdc policy diff tvdc-sample:1.0 next.xml')
    .action(to(streams, diffPolicyDocuments));
  online('verify', 'is a document what the host enforces? name, version, digests; status 1 if not')
    .argument('<file>', 'policy in XML or JSON')
    .option('--deployed', 'compare with the policy that is deployed in place of the enforced one')
    .action(to(streams, verifyPolicy));
  online('statistics', 'what the reference monitor has counted').action(to(streams, policyStatistics));
  online('reset', 'back to the DEFAULT policy').action(to(streams, resetPolicyOnHost));
  versioned('export', 'the document of a policy of the host')
    .option('--form <form>', 'xml, json or binary', 'json')
    .action(to(streams, exportPolicy));
  return policy;
}
