import { Command } from 'commander';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText, writeSecret } from '../files.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';

type SecretOptions = ConnectionOptions & { readonly secretFile?: string; readonly generate?: boolean };

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const { hostUsers } = await import('../../client/management/index.js');
  await writeRecords(streams, outputForm(options), await hostUsers(await connectHost(options)), [
    ['USER', (row) => row.user],
    ['ROLES', (row) => (row.roles.length === 0 ? '-' : row.roles.join(' '))],
  ]);
}

/** A new secret goes where it was asked for, and is shown only where nothing was. */
async function handOver(
  streams: Streams,
  form: ReturnType<typeof outputForm>,
  user: string,
  secret: string | null,
  file: string | undefined,
): Promise<void> {
  if (secret !== null && file !== undefined) {
    writeSecret(file, `${secret}\n`);
    return writeAnswer(streams, form, `the secret of ${user} is in ${file}`, { user, file });
  }
  const sentence = secret === null ? `${user} has the new secret` : secret;
  return writeAnswer(streams, form, sentence, secret === null ? { user } : { user, secret });
}

async function create(streams: Streams, user: string, options: SecretOptions): Promise<void> {
  const form = outputForm(options);
  const { createUser } = await import('../../client/management/index.js');
  await handOver(streams, form, user, await createUser(await connectHost(options), user), options.secretFile);
}

async function remove(streams: Streams, user: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { removeUser } = await import('../../client/management/index.js');
  await removeUser(await connectHost(options), user);
  await writeAnswer(streams, form, `${user} has neither account nor roles now`, { user });
}

async function secret(streams: Streams, user: string, options: SecretOptions): Promise<void> {
  const form = outputForm(options);
  const { generate = false, secretFile } = options;
  if (!generate && secretFile === undefined)
    throw new UsageError('name the new secret by --secret-file, or --generate one');
  const { setSecret } = await import('../../client/management/index.js');
  const chosen = generate || secretFile === undefined ? undefined : readText(secretFile).replace(/\r?\n$/, '');
  if (chosen === '') throw new UsageError(`there is no secret in ${secretFile ?? ''}`);
  await handOver(streams, form, user, await setSecret(await connectHost(options), user, chosen), secretFile);
}

export function userCommand(streams: Streams): Command {
  const user = new Command('user').description('accounts of an object manager');
  withConnection(user.command('list').description('accounts, and who else has a role')).action(
    (options: ConnectionOptions) => list(streams, options),
  );
  withConnection(user.command('create').description('make an account with a random secret, which is shown once'))
    .argument('<user>')
    .option('--secret-file <file>', 'where the secret goes (mode 0600), in place of the output')
    .action((name: string, options: SecretOptions) => create(streams, name, options));
  withConnection(user.command('remove').description('remove an account and its roles'))
    .argument('<user>')
    .action((name: string, options: ConnectionOptions) => remove(streams, name, options));
  withConnection(user.command('secret').description('give an account another secret'))
    .argument('<user>')
    .option('--secret-file <file>', 'file with the secret, - for standard input; with --generate: where it goes')
    .option('--generate', 'a random secret')
    .action((name: string, options: SecretOptions) => secret(streams, name, options));
  return user;
}
