import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf } from '../support/parts.js';
import { run } from './run.js';

function installed(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

describe('completion', () => {
  let folder: string;
  const scriptFor = async (shell: string): Promise<string> => {
    const file = join(folder, `tvdc.${shell}`);
    writeFileSync(file, (await run('completion', shell)).out);
    return file;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tvdc-completion-'));
    writeFileSync(join(folder, 'unlike-anything.pem'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a script for each shell knows commands, options and forms', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { status, out } = await run('completion', shell);
      expect(status).toBe(0);
      for (const word of ['simulate', 'boot-log', 'ndjson']) expect(out).toContain(word);
    }
    expect((await run('completion', 'tcsh')).status).toBe(2);
  });

  describeIf(installed('bash'), 'bash is not installed')('in a real bash', () => {
    test('completes commands, options and their values, and leaves files to bash', async () => {
      const script = await scriptFor('bash');
      const complete = (...words: readonly string[]): string[] => {
        const list = words.map((word) => `'${word}'`).join(' ');
        const body = `source ${script}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _tvdc; printf '%s\\n' "\${COMPREPLY[@]}"`;
        return linesOf(spawnSync('bash', ['-c', body], { encoding: 'utf8' }).stdout);
      };
      expect(complete('tvdc', 'pol')).toEqual(['policy']);
      expect(complete('tvdc', 'policy', 's')).toEqual(['simulate', 'show', 'statistics']);
      expect(complete('tvdc', 'vm', 'list', '-o', '')).toEqual(['table', 'json', 'ndjson']);
      expect(complete('tvdc', 'vm', 'list', '--out')).toEqual(['--output']);
      expect(complete('tvdc', 'vm', 'list', '--cacert', '')).toEqual([]);
      expect(complete('tvdc', 'mof', 'check', '')).toEqual([]);
    });
  });

  describeIf(installed('fish'), 'fish is not installed')('in a real fish', () => {
    test('completes commands, options and their values', async () => {
      const script = await scriptFor('fish');
      const complete = (...lines: readonly string[]): string[][] => {
        const body = lines.map((line) => `complete -C '${line}'; echo ----`).join('; ');
        const done = spawnSync('fish', ['--no-config', '-c', `source ${script}; ${body}`], {
          encoding: 'utf8',
          cwd: folder,
          env: { PATH: process.env['PATH'], HOME: folder },
        });
        expect(done.stderr).toBe('');
        return done.stdout
          .split('----\n')
          .slice(0, -1)
          .map((part) => linesOf(part).map((line) => line.split('\t')[0] ?? ''));
      };
      const [nouns, verbs, forms, options, files] = complete(
        'tvdc pol',
        'tvdc policy s',
        'tvdc vm list -o ',
        'tvdc vm list --out',
        'tvdc vm list --cacert unl',
      );
      expect(nouns).toEqual(['policy']);
      expect(verbs).toEqual(['show', 'simulate', 'statistics']);
      expect(forms).toEqual(['json', 'ndjson', 'table']);
      expect(options).toEqual(['--output']);
      expect(files).toEqual(['unlike-anything.pem']);
    });
  });

  describeIf(installed('zsh'), 'zsh is not installed')('in a real zsh', () => {
    // Completion runs only where somebody types: on a pseudo-terminal. What the completion adds is written down. The next
    // line is typed when the editor has begun: before, the terminal itself would see to ^U.
    const session = (setup: string, lines: readonly string[], found: string): string => `
      zmodload zsh/zpty && zmodload zsh/zselect || exit 2
      wait_for () {
        until [[ -e ${found} && $(grep -c -- ---- ${found}) -ge $1 ]]; do
          while zpty -rt typed REPLY; do :; done
          zselect -t 2
        done
      }
      zpty typed zsh -f -i
      zpty -w typed 'PROMPT= LISTMAX=0; setopt no_beep; autoload -Uz compinit; compinit -u -D; ${setup}'
      zpty -w typed 'compadd () { if (( \${@[(I)-[OAD]]} )); then builtin compadd "$@"; return; fi; local -a added; builtin compadd -O added "$@"; (( $#added )) && print -rl -- $added >> ${found}; builtin compadd "$@" }'
      zpty -w typed 'zle-line-init () { print -r -- ---- >> ${found} }; zle -N zle-line-init'
      wait_for 1
      ${lines.map((line, at) => `zpty -n -w typed $'${line}\\t\\C-u\\n'; wait_for ${at + 2}`).join('\n      ')}
      zpty -d typed
    `;

    const complete = (setup: string, ...lines: readonly string[]): string[][] => {
      const found = join(folder, 'found');
      rmSync(found, { force: true });
      const done = spawnSync('zsh', ['-f', '-c', session(setup, lines, found)], {
        encoding: 'utf8',
        cwd: folder,
        timeout: 20_000,
        env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb' },
      });
      if (!existsSync(found)) throw new Error(`zsh completed nothing: ${done.stderr}`);
      return readFileSync(found, 'utf8').split('----\n').slice(1, -1).map(linesOf);
    };

    test('completes commands, options and their values', async () => {
      const [nouns, verbs, forms, options, files] = complete(
        `source ${await scriptFor('zsh')}`,
        'tvdc pol',
        'tvdc policy s',
        'tvdc vm list -o ',
        'tvdc vm list --out',
        'tvdc vm list --cacert unl',
      );
      expect(nouns).toEqual(['policy']);
      expect(verbs).toEqual(['simulate', 'show', 'statistics']);
      expect(forms).toEqual(['table', 'json', 'ndjson']);
      expect(options).toEqual(['--output']);
      expect(files).toContain('unlike-anything.pem');
    });

    test('completes the first time too where the script is a file of $fpath', async () => {
      writeFileSync(join(folder, '_tvdc'), (await run('completion', 'zsh')).out);
      const [nouns] = complete(`fpath=(${folder} $fpath); compinit -u -D`, 'tvdc pol');
      expect(nouns).toEqual(['policy']);
    });
  });
});
