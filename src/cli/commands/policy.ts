import { Command } from 'commander';
import { withConnection } from '../connection/index.js';
import { checkPolicy, convertPolicy, simulatePolicy } from './policy-offline.js';
import { deployPolicyOnHost, enablePolicyOnHost, exportPolicy, importPolicyFile, listPolicies, resetPolicyOnHost } from './policy-online.js';

const compat = ['--compat <mode>', 'xen: as the original implementation decided'] as const;

export function policyCommand(): Command {
  const policy = new Command('policy').description('security policies: documents, and those of a host');
  policy
    .command('check')
    .argument('<file>', 'policy in XML or JSON, - for standard input')
    .option(...compat)
    .option('-o, --output <form>', 'table or json')
    .description('check a document; status 0 valid, 1 not valid')
    .action(checkPolicy);
  policy
    .command('convert')
    .argument('<file>', 'policy in XML or JSON')
    .requiredOption('--to <form>', 'xml, binary, map or json')
    .requiredOption('--output <file>', 'where to write, - for standard output')
    .description('write a document in another form')
    .action(convertPolicy);
  policy
    .command('simulate')
    .argument('<policy>', 'policy in XML or JSON')
    .argument('<events>', 'JSON array, or one JSON object a line; - for standard input')
    .option(...compat)
    .option('-o, --output <form>', 'ndjson (default), json or table')
    .description('replay events against a policy, without touching any host')
    .action(simulatePolicy);
  withConnection(policy.command('list').description('the policies of a host')).action(listPolicies);
  withConnection(policy.command('import').argument('<file>').description('store a document as a draft')).action(importPolicyFile);
  withConnection(policy.command('deploy').argument('<name>').argument('<version>').description('make a draft the next policy')).action(deployPolicyOnHost);
  withConnection(policy.command('enable').argument('<name>').argument('<version>').description('enforce a deployed policy; refused where running systems would violate it')).action(enablePolicyOnHost);
  withConnection(policy.command('reset').description('back to the DEFAULT policy')).action(resetPolicyOnHost);
  withConnection(policy.command('export').argument('<name>').argument('<version>').option('--form <form>', 'xml or json', 'json').description('the document of a policy of the host')).action(exportPolicy);
  return policy;
}
