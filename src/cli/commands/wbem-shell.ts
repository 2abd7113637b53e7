import type { Command } from 'commander';
import type { ConnectionOptions } from '../connection/index.js';
import { outputForms, type Streams } from '../output/index.js';
import type { Verb } from './wbem-read.js';

const words = `
In the shell: the verbs of tvdc wbem; ns [NAMESPACE], output [FORM], help [VERB], exit. Tab completes verbs, options, classes,
properties, methods and instances of the server. Ctrl-C ends what runs, Ctrl-D the shell. Errors do not end it. Quotes of keys
belong to the path, those of values do not: gi CIM_Fan.Name="a b", mi CIM_Fan.Name="a b" Caption="c d".

The history is kept in $XDG_STATE_HOME/tvdc/wbem-history (~/.local/state), mode 0600, without lines that hold a secret or begin
with a blank. Without a terminal lines are read from standard input, and the status is that of the last one.`;

/** `tvdc wbem shell`. @param create `tvdc wbem`, without the shell */
export function addShell(verb: Verb, streams: Streams, create: () => Command): void {
  verb('shell', 'an interactive shell of these verbs, with history and completion from the server', outputForms)
    .addHelpText('after', words)
    .action(async (options: ConnectionOptions) => {
      const { runShell } = await import('../shell/index.js');
      await runShell(streams, create, options);
    });
}
