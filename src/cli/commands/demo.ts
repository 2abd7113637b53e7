import { Command, Option } from 'commander';
import pc from 'picocolors';
import { type Demo, type DemoProgress, type DemoReport, type DemoStep, openDemo } from '../../host/demo/index.js';
import { createProcessLog } from '../../host/log/index.js';
import { vtpmChoices, type VtpmChoice } from '../../host/management-vm/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { formatTable, processStreams, toJson } from '../output/index.js';
import { untilSignal } from '../signals.js';
import { portOf } from './serve.js';

interface Options {
  readonly once?: boolean;
  readonly output?: string;
  readonly data?: string;
  readonly httpPort: string;
  readonly vtpm: VtpmChoice;
}

const partTitles = {
  isolation: 'Isolation: one policy, labels, and what the reference monitor decides (section 3.1)',
  integrity: 'Integrity: virtual TPMs, measurements and verdicts (section 3.2)',
} as const;

const titleWidth = 62;
const outcomeWidth = 10;
const indent = 5;
const narrowest = 60;

/** Breaks a text into lines of at most `width` characters, between words. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function paint(step: DemoStep): string {
  const text = step.outcome.padEnd(outcomeWidth);
  if (!step.asExpected) return pc.red(text);
  if (['deny', 'untrusted'].includes(step.outcome)) return pc.yellow(text);
  return pc.green(text);
}

/** Prints each step as it ends; while one runs, a terminal shows its title. */
function consoleProgress(): DemoProgress {
  const { out, notes } = processStreams;
  const live = process.stderr.isTTY;
  let part = '';
  return {
    begin(title) {
      if (live) notes.write(`\r\u001b[2K… ${title}`);
    },
    done(step) {
      if (live) notes.write('\r\u001b[2K');
      if (step.part !== part) {
        part = step.part;
        out.write(`${part === 'isolation' ? '' : '\n'}${pc.bold(partTitles[step.part])}\n`);
      }
      const mark = step.asExpected ? ' ' : pc.red('!');
      const event = (step.event ?? '').padStart(2);
      const title = step.title.padEnd(titleWidth);
      out.write(`${mark}${event}  ${title} ${paint(step)} ${step.reason ?? ''}`.trimEnd());
      out.write('\n');
      const width = Math.max(narrowest, process.stdout.columns ?? 120) - indent;
      for (const line of wrap(step.sentence, width)) out.write(`${' '.repeat(indent)}${pc.dim(line)}\n`);
    },
  };
}

const quiet: DemoProgress = { begin: () => undefined, done: () => undefined };

function summary(report: DemoReport): string {
  const rows = report.verdicts.map((item) => [
    item.name,
    item.verdict,
    item.assurance,
    String(item.covered),
    item.reasons.join(', '),
  ]);
  const alerts = report.alerts.map((alert) => [alert.messageId, alert.className, alert.message]);
  const failed = report.steps.filter((step) => !step.asExpected).length;
  const end = report.ok
    ? pc.green(`all ${report.steps.length} steps went as the paper says`)
    : pc.red(`${failed} of ${report.steps.length} steps did not go as the paper says`);
  return [
    '',
    formatTable(['SYSTEM', 'VERDICT', 'ASSURANCE', 'MEASUREMENTS', 'REASONS'], rows),
    '',
    formatTable(['ALERT', 'CLASS', 'MESSAGE'], alerts),
    '',
    end,
    '',
  ].join('\n');
}

/** Commands that work when pasted. */
function nextCommands(demo: Demo): string {
  const stock = demo.hostUrl.replace('://', `://admin:${demo.adminSecret}@`);
  const verifier = demo.verifierUrl.replace('://', `://admin:${demo.verifier.adminSecret ?? ''}@`);
  return [
    pc.bold('Try next (Ctrl-C ends the demonstration):'),
    `  wbemcli ein '${stock}/root/tvdc:TVDC_ComputerSystem'`,
    `  wbemcli -nl ei '${stock}/root/tvdc:TVDC_SecurityLabel'`,
    `  wbemcli -nl ei '${verifier}/root/tvdc:TVDC_AttestationVerdict'`,
    `  export TVDC_URL=${demo.hostUrl} TVDC_DATA=${demo.folder}`,
    '  bin/tvdc vm list',
    '  bin/tvdc explain ma-1 su-1',
    '  bin/tvdc vm start su-1',
    '  bin/tvdc policy list',
    '',
  ].join('\n');
}

async function run(options: Options): Promise<void> {
  const json = options.output === 'json';
  if (options.output !== undefined && !json && options.output !== 'table')
    throw new UsageError(`-o takes table or json, not "${options.output}"`);
  const { out } = processStreams;
  const demo = await openDemo({
    folder: options.data ?? null,
    httpPort: portOf(options.httpPort, '--http-port'),
    vtpm: options.vtpm,
    log: createProcessLog(),
  });
  try {
    const report = await demo.run(json ? quiet : consoleProgress());
    out.write(json ? `${toJson(report, 2)}\n` : summary(report));
    if (options.once !== true) {
      if (!json) out.write(nextCommands(demo));
      await untilSignal();
    }
    if (!report.ok) throw new Exit(exitStatus.no);
  } finally {
    await demo.close();
  }
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('start a sample host and a verifier here, and show both use cases over CIM-XML')
    .option('--once', 'end afterwards; status 0 if everything went as it should')
    .option('-o, --output <form>', 'table or json')
    .option('--data <folder>', 'keep the state of the sample host there (default: a temporary folder)')
    .option('--http-port <port>', 'port of the sample host; 0: any free one', '0')
    .addOption(new Option('--vtpm <kind>', 'what virtual TPMs are made of').choices(vtpmChoices).default('auto'))
    .action(run);
}
