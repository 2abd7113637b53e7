import type { Command } from 'commander';

/** What may stand behind a command: its subcommands and its options. */
export interface CompletionNode {
  /** The words so far: `tvdc wbem ei`. */
  readonly at: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
  readonly options: readonly {
    readonly long: string;
    readonly short: string | null;
    readonly takesValue: boolean;
    readonly description: string;
    /** Values that it takes; empty: anything. */
    readonly values: readonly string[];
  }[];
}

function valuesOf(name: string, description: string, choices: readonly string[] | undefined): readonly string[] {
  if (choices !== undefined) return choices;
  // The forms stand at the head of the description, before what else there is to say of them.
  return name === '--output' && !description.startsWith('where')
    ? (description.replace(/\(.*$/, '').match(/[a-z]+/g) ?? []).filter((word) => word !== 'or')
    : [];
}

/** All commands of a program, each with what may follow it. */
export function completionTree(command: Command, at: string = command.name()): readonly CompletionNode[] {
  const children = command.commands;
  const node: CompletionNode = {
    at,
    words: children.map((child) => ({ word: child.name(), description: child.description() })),
    options: [
      ...command.options.map((option) => ({
        long: option.long ?? '',
        short: option.short ?? null,
        takesValue: option.required || option.optional,
        description: option.description,
        values: valuesOf(option.long ?? '', option.description, option.argChoices),
      })),
      { long: '--help', short: '-h', takesValue: false, description: 'help', values: [] },
    ],
  };
  return [node, ...children.flatMap((child) => completionTree(child, `${at} ${child.name()}`))];
}
