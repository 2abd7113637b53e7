import { Argument, Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion-scripts.js';
import { completionTree } from '../completion-tree.js';
import { print, type Streams } from '../output/index.js';

/** @param whole the program with all its commands loaded */
export function completionCommand(streams: Streams, whole: () => Promise<Command>): Command {
  return new Command('completion')
    .description('completion of this command for a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  bash: echo 'source <(tvdc completion bash)' >> ~/.bashrc
  zsh:  echo 'source <(tvdc completion zsh)' >> ~/.zshrc
  fish: tvdc completion fish > ~/.config/fish/completions/tvdc.fish`,
    )
    .action(async (shell: Shell) => {
      await print(streams, completionScript(shell, completionTree(await whole())));
    });
}
