import type { CompletionNode } from './completion-tree.js';

type Nodes = readonly CompletionNode[];

/** In single quotes for any of the shells; ours hold neither quotes of that kind nor backslashes. */
function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '')}'`;
}

function optionsOf(node: CompletionNode): string {
  return node.options.map(({ long }) => long).join(' ');
}

function wordsOf(node: CompletionNode): string {
  return node.words.map(({ word }) => word).join(' ');
}

/** Patterns of a `case` for the commands below the top: what the walk over the words recognizes. */
function knownPatterns(nodes: Nodes): string {
  return nodes
    .filter(({ at }) => at.includes(' '))
    .map(({ at }) => quoted(at))
    .join('|');
}

/** Branches of a `case` over `$at $prev`: values that an option takes; where they are not known, files. */
function valueBranches(nodes: Nodes, indent: string, reply: (words: string) => string, files: string): string {
  return nodes
    .flatMap(({ at, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(({ long, short, values }) => {
          const names = [long, ...(short === null ? [] : [short])].map((name) => quoted(`${at} ${name}`));
          return `${indent}${names.join('|')}) ${values.length > 0 ? reply(values.join(' ')) : files}; return;;`;
        }),
    )
    .join('\n');
}

function branches(nodes: Nodes, indent: string, reply: (node: CompletionNode) => string): string {
  return nodes.map((node) => `${indent}${quoted(node.at)}) ${reply(node)};;`).join('\n');
}

/** Options where a dash was begun, else commands; files are completed where nothing of ours fits. */
function bash(nodes: Nodes): string {
  const reply = (words: string): string => `COMPREPLY=($(compgen -W ${quoted(words)} -- "$cur"))`;
  return `# bash completion of tvdc; load it with: source <(tvdc completion bash)
_tvdc() {
  local cur prev at i
  COMPREPLY=()
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  at=tvdc
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${knownPatterns(nodes)}) at="$at \${COMP_WORDS[i]}";;
    esac
  done
  case "$at $prev" in
${valueBranches(nodes, '    ', reply, ':')}
  esac
  if [[ $cur == -* ]]; then
    case "$at" in
${branches(nodes, '      ', (node) => reply(optionsOf(node)))}
    esac
  else
    case "$at" in
${branches(
  nodes.filter(({ words }) => words.length > 0),
  '      ',
  (node) => reply(wordsOf(node)),
)}
    esac
  fi
}
complete -o default -F _tvdc tvdc
`;
}

function zsh(nodes: Nodes): string {
  const reply = (words: string): string => `compadd -- ${words}`;
  return `#compdef tvdc
# zsh completion of tvdc; load it with: source <(tvdc completion zsh), or keep it as _tvdc in a folder of $fpath
_tvdc() {
  local at=tvdc i
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${knownPatterns(nodes)}) at="$at \${words[i]}";;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valueBranches(nodes, '    ', reply, '_files')}
  esac
  if [[ $PREFIX == -* ]]; then
    case "$at" in
${branches(nodes, '      ', (node) => `${reply(optionsOf(node))} && return`)}
    esac
  else
    case "$at" in
${branches(
  nodes.filter(({ words }) => words.length > 0),
  '      ',
  (node) => `${reply(wordsOf(node))} && return`,
)}
    esac
  fi
  _files
}
if [[ \${funcstack[1]} == _tvdc ]]; then
  _tvdc "$@"
else
  if (( ! $+functions[compdef] )); then
    autoload -Uz compinit && compinit
  fi
  compdef _tvdc tvdc
fi
`;
}

function fish(nodes: Nodes): string {
  const lines = nodes.flatMap(({ at, words, options }) => {
    const here = `complete -c tvdc -n ${quoted(`test (__tvdc_at) = "${at}"`)}`;
    return [
      ...words.map(({ word, description }) => `${here} -f -a ${word} -d ${quoted(description)}`),
      ...options.map(({ long, short, takesValue, values, description }) => {
        const flags = [`-l ${long.slice(2)}`];
        if (short !== null) flags.push(`-s ${short.slice(1)}`);
        if (values.length > 0) flags.push(`-x -a ${quoted(values.join(' '))}`);
        else if (takesValue) flags.push('-r');
        return `${here} ${flags.join(' ')} -d ${quoted(description)}`;
      }),
    ];
  });
  const known = nodes
    .filter(({ at }) => at.includes(' '))
    .map(({ at }) => quoted(at))
    .join(' ');
  return `# fish completion of tvdc; load it with: tvdc completion fish | source
function __tvdc_at
  set -l at tvdc
  for word in (commandline -opc)[2..-1]
    contains -- "$at $word" ${known}; and set at "$at $word"
  end
  echo $at
end
${lines.join('\n')}
`;
}

/** Shells that completion scripts are made for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const writers: Readonly<Record<Shell, (nodes: Nodes) => string>> = { bash, zsh, fish };

/** The script that a shell loads to complete our command. */
export function completionScript(shell: Shell, nodes: Nodes): string {
  return writers[shell](nodes);
}
