import type { CompletionNode } from '../completion-tree.js';
import type { LiveModel } from './live-model.js';
import { splitLine } from './words.js';

/** What completion needs to know of the shell. */
export interface CompletionContext {
  /** Commands of `wbem`, each below `wbem`. */
  readonly nodes: readonly CompletionNode[];
  /** Words of the shell itself. */
  readonly own: readonly string[];
  readonly namespace: string;
  readonly model: LiveModel;
}

/** What a verb takes at each place behind it; the last counts for all that follow. */
type Place = 'class' | 'path' | 'property' | 'assignment' | 'method' | 'parameter' | 'namespace' | 'form' | 'nothing';

const places: Readonly<Record<string, readonly Place[]>> = {
  ...Object.fromEntries(['ei', 'ein', 'gc', 'ec', 'ecn', 'dc'].map((verb) => [verb, ['class', 'nothing']])),
  ...Object.fromEntries(['gi', 'di', 'ai', 'ain', 'ri', 'rin'].map((verb) => [verb, ['path', 'nothing']])),
  ci: ['class', 'assignment'],
  mi: ['path', 'assignment'],
  sp: ['path', 'assignment', 'nothing'],
  gp: ['path', 'property', 'nothing'],
  cm: ['path', 'method', 'parameter'],
  diff: ['path', 'path', 'nothing'],
  'class tree': ['class', 'nothing'],
  'namespace delete': ['namespace', 'nothing'],
  ns: ['namespace', 'nothing'],
  output: ['form', 'nothing'],
};

const optionPlaces: Readonly<Record<string, Place>> = {
  '-p': 'property',
  '--properties': 'property',
  '--result-class': 'class',
  '--assoc-class': 'class',
  '--namespace': 'namespace',
};

/** Namespace and class that a word names: `root/cimv2:CIM_Fan.Name="a"`. */
function named(
  word: string,
  namespace: string,
): { readonly prefix: string; readonly space: string; readonly cls: string } {
  const found = /^((?:[^:."=]*:)?)([^.:"=]*)/.exec(word);
  const prefix = found?.[1] ?? '';
  return { prefix, space: prefix === '' ? namespace : prefix.slice(0, -1), cls: found?.[2] ?? '' };
}

async function pathsFor(word: string, { namespace, model }: CompletionContext): Promise<readonly string[]> {
  const { prefix, space, cls } = named(word, namespace);
  const classes = await model.classNames(space);
  const isWhole = classes.some((name) => name.toLowerCase() === cls.toLowerCase());
  if (!isWhole && !word.includes('.')) return classes.map((name) => prefix + name);
  const longer = word.includes('.') ? [] : classes.filter((name) => name.length > cls.length);
  return [...(await model.paths(space, cls)), ...longer].map((text) => prefix + text);
}

async function candidates(
  place: Place,
  word: string,
  behind: readonly string[],
  context: CompletionContext,
): Promise<readonly string[]> {
  const { model } = context;
  const { space, cls } = named(behind[0] ?? '', context.namespace);
  switch (place) {
    case 'class': {
      const { prefix, space: there } = named(word, context.namespace);
      return (await model.classNames(there)).map((name) => prefix + name);
    }
    case 'path':
      return pathsFor(word, context);
    case 'property': {
      const given = word.slice(0, word.lastIndexOf(',') + 1);
      return (await model.properties(space, cls)).map((name) => given + name);
    }
    case 'assignment':
      return (await model.properties(space, cls)).map((name) => `${name}=`);
    case 'method':
      return model.methods(space, cls);
    case 'parameter':
      return (await model.parameters(space, cls, behind[1] ?? '')).map((name) => `${name}=`);
    case 'namespace':
      return model.namespaces();
    case 'form':
      return ['table', 'json', 'ndjson', 'mof', 'xml', 'tree'];
    case 'nothing':
      return [];
  }
}

/** Words that could stand at the end of a line, and the piece that they would replace. Never fails. */
export async function complete(line: string, context: CompletionContext): Promise<[string[], string]> {
  const { words, open } = splitLine(line);
  const before = words.filter(({ at }) => at < open.at).map(({ text }) => text);
  const fit = (found: readonly string[]): [string[], string] => {
    const folded = open.text.toLowerCase();
    return [[...new Set(found)].filter((text) => text.toLowerCase().startsWith(folded)).sort(), open.text];
  };
  try {
    let at = 'wbem';
    let rest = before;
    for (const word of before) {
      if (!context.nodes.some((node) => node.at === `${at} ${word}`)) break;
      at = `${at} ${word}`;
      rest = rest.slice(1);
    }
    const node = context.nodes.find((candidate) => candidate.at === at);
    if (before.length === 0) return fit([...(node?.words.map(({ word }) => word) ?? []), ...context.own]);
    const last = before.at(-1) ?? '';
    const option = node?.options.find(({ long, short }) => long === last || short === last);
    if (option?.takesValue === true) {
      if (option.values.length > 0) return fit(option.values);
      return fit(
        await candidates(optionPlaces[last] ?? 'nothing', open.text, operands(rest.slice(0, -1), node), context),
      );
    }
    if (open.text.startsWith('-')) return fit(node?.options.map(({ long }) => long) ?? []);
    if (node !== undefined && node.words.length > 0 && rest.length === 0)
      return fit(node.words.map(({ word }) => word));
    const verb = at === 'wbem' ? (before[0] ?? '') : at.slice('wbem '.length);
    const given = operands(at === 'wbem' ? rest.slice(1) : rest, node);
    const wanted = places[verb] ?? ['nothing'];
    return fit(await candidates(wanted[given.length] ?? wanted.at(-1) ?? 'nothing', open.text, given, context));
  } catch {
    return [[], open.text];
  }
}

/** Words that are neither options nor values of options. */
function operands(words: readonly string[], node: CompletionNode | undefined): readonly string[] {
  const out: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) out.push(word);
    else if (node?.options.some(({ long, short, takesValue }) => takesValue && (long === word || short === word))) at++;
  }
  return out;
}
