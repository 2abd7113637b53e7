import { Command } from 'commander';
import { withConnection } from '../connection/index.js';
import type { Streams } from '../output/index.js';
import { addDiff } from './wbem-diff.js';
import { addReadVerbs, type Verb } from './wbem-read.js';
import { addShell } from './wbem-shell.js';
import { addViews } from './wbem-views.js';
import { addWriteVerbs } from './wbem-write.js';

const paths = `
Object paths are those of wbemcli: [http[s]://[user:password@]host[:port]/][namespace:]Class[.key=value,…]

Examples:
  tvdc wbem ei root/tvdc:TVDC_ComputerSystem -p ElementName,EnabledState
  tvdc wbem gi 'https://host:5989/root/cimv2:CIM_Foo.Name="a"' -o mof
  tvdc wbem cm root/tvdc:TVDC_ComputerSystem.CreationClassName=TVDC_ComputerSystem,Name=… RequestStateChange RequestedState=2
  tvdc wbem class tree CIM_ManagedElement
  tvdc wbem ei CIM_ComputerSystem --connection east -o ndjson
  tvdc wbem shell --connection east

Exit status: 0 done; 1 a view found nothing, or diff a difference; 2 wrong usage; 3 cannot reach the server or log in;
4 any CIM error, also "not found"; 5 an internal error.`;

function createWbem(streams: Streams): { readonly wbem: Command; readonly verb: Verb } {
  const wbem = new Command('wbem')
    .description('operations of DSP0200 on any WBEM server; object paths as in wbemcli')
    .addHelpText('after', paths);
  const verb: Verb = (name, description, forms) => withConnection(wbem.command(name).description(description), forms);
  addReadVerbs(verb, streams);
  addWriteVerbs(verb, streams);
  addDiff(verb, streams);
  addViews(wbem, streams);
  return { wbem, verb };
}

export function wbemCommand(streams: Streams): Command {
  const { wbem, verb } = createWbem(streams);
  addShell(verb, streams, () => createWbem(streams).wbem);
  return wbem;
}
