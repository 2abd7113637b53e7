import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import { parseNamespace, parseWbemUri } from '../../cim/index.js';
import { completionTree } from '../completion-tree.js';
import { connect, type ConnectionOptions, keepConnections, namespaceOf, outputForm } from '../connection/index.js';
import { Exit, exitStatus, type ExitStatus, UsageError } from '../exit.js';
import { outputForms, print, type Streams } from '../output/index.js';
import { statusOf, tell } from '../status.js';
import { complete } from './complete.js';
import { historyFile, holdsSecret, keepLine, readHistory } from './history.js';
import { LiveModel } from './live-model.js';
import { splitLine } from './words.js';

const own = ['ns', 'output', 'help', 'exit'] as const;
const help = `Verbs are those of "tvdc wbem": ei, gi, cm, class tree …; "help VERB" tells more. Tab completes.
  ns [NAMESPACE]   shows or changes the namespace
  output [FORM]    shows or changes the form of output: table, json, ndjson, mof, xml, tree
  exit             or Ctrl-D
`;
const usual = [
  'url',
  'connection',
  'user',
  'passwordFile',
  'cacert',
  'cert',
  'key',
  'noverify',
  'authentication',
  'data',
] as const;

function isTerminal(stream: unknown): boolean {
  return (stream as Partial<NodeJS.WriteStream>).isTTY === true;
}

function namesHost(word: unknown): boolean {
  if (typeof word !== 'string') return false;
  try {
    return parseWbemUri(word).host !== null;
  } catch {
    return false;
  }
}

/** An interactive shell of the verbs of `tvdc wbem` on one server. */
export class Shell {
  readonly #streams: Streams;
  readonly #create: () => Command;
  readonly #options: ConnectionOptions;
  readonly #model: LiveModel;
  #namespace: string;
  #form: string | null;
  #running: AbortController | null = null;
  #status: ExitStatus = exitStatus.done;
  #hasEnded = false;

  /** @param create `tvdc wbem` with its verbs, made for each line @param options where the server is */
  constructor(streams: Streams, create: () => Command, options: ConnectionOptions) {
    this.#streams = streams;
    this.#create = create;
    this.#options = options;
    this.#namespace = namespaceOf(options);
    this.#form = options.output ?? null;
    this.#model = new LiveModel(() => connect(options));
  }

  /** Reads lines until there are no more. @returns the status of the last one that was not typed, 0 for people */
  async run(): Promise<ExitStatus> {
    const close = keepConnections(() => this.#running?.signal ?? null);
    try {
      return await this.#read();
    } finally {
      await close();
    }
  }

  async #read(): Promise<ExitStatus> {
    const input = this.#streams.in ?? process.stdin;
    const terminal = isTerminal(input) && isTerminal(this.#streams.out);
    const file = historyFile();
    const nodes = completionTree(this.#create());
    const lines = createInterface({
      input,
      ...(terminal ? { output: this.#streams.out } : {}),
      terminal,
      history: terminal ? readHistory(file) : [],
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        const context = { nodes, own, namespace: this.#namespace, model: this.#model };
        void complete(line, context).then((found) => done(null, found));
      },
    });
    if (terminal) {
      lines.on('history', (history) => {
        if (holdsSecret(history[0] ?? '')) history.shift();
      });
      lines.on('SIGINT', () => this.#interrupt(lines));
    }
    const prompt = (): void => {
      if (!terminal) return;
      lines.setPrompt(`${this.#namespace}> `);
      lines.prompt();
    };
    prompt();
    for await (const line of lines) {
      if (terminal) keepLine(file, line);
      await this.#execute(line);
      if (this.#hasEnded) break;
      prompt();
    }
    lines.close();
    if (terminal && !this.#hasEnded) await print(this.#streams, '\n');
    return terminal ? exitStatus.done : this.#status;
  }

  /** What runs is given up; where nothing runs, the line is. */
  #interrupt(lines: Interface): void {
    if (this.#running !== null) {
      this.#running.abort();
      return;
    }
    this.#streams.out.write('^C\n');
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
  }

  async #execute(line: string): Promise<void> {
    const { words, isOpen } = splitLine(line);
    const [first, ...rest] = words.map(({ text }) => text);
    if (first === undefined || first.startsWith('#')) return;
    const running = new AbortController();
    this.#running = running;
    try {
      if (isOpen) throw new UsageError('a quote is not closed');
      await this.#carryOut(first, rest);
      this.#status = exitStatus.done;
    } catch (error) {
      this.#status = statusOf(error, true);
      if (running.signal.aborted) this.#streams.notes.write('cancelled\n');
      else tell(error, this.#streams);
    } finally {
      this.#running = null;
    }
  }

  async #carryOut(first: string, rest: readonly string[]): Promise<void> {
    switch (first) {
      case 'exit':
      case 'quit':
        this.#hasEnded = true;
        return;
      case 'ns':
        return this.#useNamespace(rest);
      case 'output':
        return this.#useForm(rest);
      case 'help':
        if (rest.length === 0) await print(this.#streams, help);
        return this.#parse(rest.length === 0 ? ['--help'] : [...rest, '--help']);
      default:
        await this.#parse([first, ...rest]);
        if (/^(?:c|m|d|s)[a-z]$|^(?:namespace)$/.test(first)) this.#model.forget();
    }
  }

  async #parse(words: readonly string[]): Promise<void> {
    const program = this.#create();
    const streams = this.#streams;
    program
      .name('wbem')
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void streams.out.write(text),
        writeErr: (text) => void streams.notes.write(text),
        outputError: (text, write) => write(text.replace(/^error: /, 'tvdc: ').replace(/\n\(/, ' (')),
      })
      .hook('preAction', (_program, action) => this.#complete(action));
    const inherit = (command: Command): void => {
      for (const child of command.commands) {
        child.copyInheritedSettings(command);
        inherit(child);
      }
    };
    inherit(program);
    await program.parseAsync([...words], { from: 'user' });
  }

  /** Settings of the shell stand in for what a line does not say; a line that names another server gets no login of this one. */
  #complete(action: Command): void {
    const given = action.opts<ConnectionOptions>();
    const isElsewhere =
      given.url !== undefined || given.connection !== undefined || action.processedArgs.some(namesHost);
    const set = (key: keyof ConnectionOptions, value: unknown): void => {
      if (given[key] === undefined && value !== undefined) action.setOptionValue(key, value);
    };
    if (!isElsewhere) {
      const isOther = given.user !== undefined || given.passwordFile !== undefined;
      for (const key of usual) if (!isOther || (key !== 'user' && key !== 'passwordFile')) set(key, this.#options[key]);
    }
    set('timeout', this.#options.timeout);
    set('har', this.#options.har);
    set('namespace', this.#namespace);
    const form = this.#form;
    const takes = action.options.find(({ long }) => long === '--output')?.description ?? '';
    // As with the environment: a wish counts where the verb has that form.
    if (form !== null && new RegExp(`\\b${form}\\b`).test(takes.replace(/\(.*$/, ''))) set('output', form);
  }

  async #useNamespace([name, ...more]: readonly string[]): Promise<void> {
    if (more.length > 0) throw new UsageError('ns takes one namespace');
    if (name === undefined) return print(this.#streams, `${this.#namespace}\n`);
    const namespace = parseNamespace(name);
    // One that is not there is better known now than at every verb.
    await (await connect(this.#options)).enumerateClassNames({ namespace });
    this.#namespace = namespace;
  }

  async #useForm([form, ...more]: readonly string[]): Promise<void> {
    if (more.length > 0) throw new UsageError('output takes one form');
    if (form === undefined) return print(this.#streams, `${this.#form ?? outputForm({})}\n`);
    if (!outputForms.some((known) => known === form)) {
      throw new UsageError(`output takes ${outputForms.join(', ')}, not "${form}"`);
    }
    this.#form = form;
  }
}

/** Runs a shell to its end. @throws Exit with the status of the last line, where nobody typed it */
export async function runShell(streams: Streams, create: () => Command, options: ConnectionOptions): Promise<void> {
  const status = await new Shell(streams, create, options).run();
  if (status !== exitStatus.done) throw new Exit(status);
}
