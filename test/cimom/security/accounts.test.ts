import { createSeededRandomness, ManualClock } from '../../../src/base/index.js';
import { type Accounts, type AccountsOptions, createAccounts, type Login } from '../../../src/cimom/index.js';
import { createMemoryStore, prefixEnd, type Store } from '../../../src/store/index.js';

const cheap = { n: 16, r: 8, p: 1 };
const basic = (user: string, secret: string): string => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

interface Bench {
  readonly accounts: Accounts;
  readonly clock: ManualClock;
  readonly store: Store;
  readonly delays: number[];
}

function createBench(options: AccountsOptions = {}): Bench {
  const store = createMemoryStore();
  const clock = new ManualClock(1000);
  const delays: number[] = [];
  const accounts = createAccounts(store, {
    clock,
    randomness: createSeededRandomness('accounts'),
    cost: cheap,
    delay: async (milliseconds) => void delays.push(milliseconds),
    ...options,
  });
  return { accounts, clock, store, delays };
}

const kindOf = (login: Login): string => (login.kind === 'accepted' ? 'accepted' : login.reason);

test('a user logs in with name and secret, also with colons in the secret and any spelling of the scheme', async () => {
  const { accounts } = createBench();
  await accounts.create('anna', 'a secret: with colons');
  const login = await accounts.verifyBasic(basic('anna', 'a secret: with colons'), '10.0.0.1');
  expect(login).toEqual({ kind: 'accepted', caller: { user: 'anna', method: 'basic', address: '10.0.0.1' } });
  const shouting = basic('anna', 'a secret: with colons').replace('Basic ', 'BASIC   ');
  expect(kindOf(await accounts.verifyBasic(shouting, null))).toBe('accepted');
  expect(kindOf(await accounts.verify('anna', 'a secret: with colons', null))).toBe('accepted');
  expect(kindOf(await accounts.verify('anna', 'a secret', null))).toBe('wrong');
});

test.each([
  '',
  'Basic',
  'Basic !!!!',
  'Bearer YWJj',
  `Basic ${Buffer.from(':x').toString('base64')}`,
  `Basic ${'A'.repeat(5000)}`,
])('the header "%.20s" is malformed', async (header) => {
  expect(kindOf(await createBench().accounts.verifyBasic(header, null))).toBe('malformed');
});

test('a wrong secret and an unknown user are refused alike', async () => {
  const { accounts } = createBench();
  await accounts.create('anna', 'right secret');
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'wrong secret'), null))).toBe('wrong');
  expect(kindOf(await accounts.verifyBasic(basic('nobody', 'right secret'), null))).toBe('wrong');
});

test('secrets are not in the store, and accounts survive in it', async () => {
  const { accounts, store } = createBench();
  await accounts.create('anna', 'very secret text');
  const kept = store.range('security', 'account/', prefixEnd('account/'), 10);
  expect(JSON.stringify(kept)).not.toContain('very secret text');
  const again = createAccounts(store, { cost: cheap });
  expect(again.list().map((account) => account.user)).toEqual(['anna']);
  expect(kindOf(await again.verifyBasic(basic('anna', 'very secret text'), null))).toBe('accepted');
});

test('a changed secret and a removed account count at once, whatever was remembered', async () => {
  const { accounts } = createBench();
  await accounts.create('anna', 'first secret');
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'first secret'), null))).toBe('accepted');
  await accounts.setSecret('anna', 'second secret');
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'first secret'), null))).toBe('wrong');
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'second secret'), null))).toBe('accepted');
  await accounts.remove('anna');
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'second secret'), null))).toBe('wrong');
  expect(accounts.has('anna')).toBe(false);
});

test('a login that was under way while the secret changed is not remembered', async () => {
  const { accounts } = createBench();
  await accounts.create('anna', 'first secret');
  const running = accounts.verifyBasic(basic('anna', 'first secret'), null);
  await accounts.setSecret('anna', 'second secret');
  await running;
  expect(kindOf(await accounts.verifyBasic(basic('anna', 'first secret'), null))).toBe('wrong');
});

test('the derivation is done once for a header, then remembered until it expires', async () => {
  const { accounts, clock, store } = createBench({ rememberedFor: 1000 });
  await accounts.create('anna', 'right secret');
  let reads = 0;
  const get = store.get.bind(store);
  store.get = (area, key) => {
    reads++;
    return get(area, key);
  };
  const login = () => accounts.verifyBasic(basic('anna', 'right secret'), null);
  await Promise.all([login(), login(), login()]);
  await login();
  expect(reads).toBe(1);
  clock.advance(1000);
  await login();
  expect(reads).toBe(2);
});

test('answers to failures come later and later, are reported, and a success starts anew', async () => {
  const failures: (string | null)[] = [];
  const { accounts, delays } = createBench({
    throttle: { freeFailures: 2, firstDelay: 100, longestDelay: 300 },
    onFailure: (attempt) => void failures.push(`${attempt.user} ${attempt.failures}`),
  });
  await accounts.create('anna', 'right secret');
  for (let at = 0; at < 6; at++) await accounts.verifyBasic(basic('anna', `wrong secret ${at}`), '10.0.0.1');
  expect(delays).toEqual([100, 200, 300, 300]);
  expect(failures.at(-1)).toBe('anna 6');
  await accounts.verifyBasic(basic('anna', 'wrong secret'), '10.0.0.2');
  expect(delays).toHaveLength(4);
  await accounts.verifyBasic(basic('anna', 'right secret'), '10.0.0.1');
  await accounts.verifyBasic(basic('anna', 'wrong secret'), '10.0.0.1');
  expect(delays).toHaveLength(4);
});

test('who failed too often cannot have many attempts wait at once', async () => {
  const { accounts } = createBench({
    throttle: { freeFailures: 0, waiting: 1 },
    delay: () => new Promise((resolve) => setTimeout(resolve, 30)),
  });
  const attempts = [1, 2, 3, 4].map((at) => accounts.verifyBasic(basic('anna', `guess number ${at}`), '10.0.0.1'));
  const first = await Promise.all(attempts);
  expect(first.map(kindOf)).toContain('wrong');
  const wave = [5, 6, 7].map((at) => accounts.verifyBasic(basic('anna', `guess number ${at}`), '10.0.0.1'));
  expect((await Promise.all(wave)).map(kindOf)).toEqual(['wrong', 'throttled', 'throttled']);
});

test.each([
  ['', 'long enough', 'bad_user_name'],
  ['a:b', 'long enough', 'bad_user_name'],
  ['a\nb', 'long enough', 'bad_user_name'],
  ['system', 'long enough', 'bad_user_name'],
  ['x'.repeat(65), 'long enough', 'bad_user_name'],
  ['anna', 'short', 'weak_secret'],
  ['anna', 'x'.repeat(2000), 'weak_secret'],
])('an account "%.10s" with "%.11s" is refused: %s', async (user, secret, code) => {
  await expect(createBench().accounts.create(user, secret)).rejects.toMatchObject({ code });
});

test('accounts exist once, and what does not exist cannot be changed', async () => {
  const { accounts } = createBench();
  await accounts.create('anna', 'right secret');
  await expect(accounts.create('anna', 'other secret')).rejects.toMatchObject({ code: 'account_exists' });
  await expect(accounts.setSecret('otto', 'other secret')).rejects.toMatchObject({ code: 'no_such_account' });
  await expect(accounts.remove('otto')).rejects.toMatchObject({ code: 'no_such_account' });
});
