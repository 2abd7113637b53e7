import { createInterface } from 'node:readline';

const timers = new Map([['EX:egg', 240]]);

const toInstance = ([id, seconds]) => ({
  class: 'EX_Timer',
  properties: { InstanceID: id, ElementName: id.slice(3), Remaining: seconds },
});
const nameIn = (path) => path.keys.InstanceID;

const operations = {
  enumerate: () => batch(0),
  next: ({ cursor }) => batch(cursor),
  get({ path }) {
    const seconds = timers.get(nameIn(path));
    return { instance: seconds === undefined ? null : toInstance([nameIn(path), seconds]) };
  },
  create({ instance: { properties } }) {
    const id = properties.InstanceID ?? `EX:${timers.size + 1}`;
    if (timers.has(id)) throw Object.assign(new Error(`there is a timer ${id} already`), { status: 11 });
    timers.set(id, properties.Remaining ?? 0);
    return { path: { class: 'EX_Timer', keys: { InstanceID: id } } };
  },
  delete({ path }) {
    timers.delete(nameIn(path));
    return {};
  },
  invoke({ path, parameters: { Seconds } }) {
    const remaining = (timers.get(nameIn(path)) ?? 0) + Seconds;
    timers.set(nameIn(path), remaining);
    return { returnValue: 0, out: { Remaining: remaining } };
  },
};

// A hundred at a time; the cursor says where the next hundred begins.
function batch(from) {
  const all = [...timers];
  const to = from + 100;
  return { instances: all.slice(from, to).map(toInstance), cursor: to < all.length ? to : null };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue; // `cancel` and `close` want no answer
  const answer = { jsonrpc: '2.0', id };
  try {
    answer.result = operations[method](params);
  } catch (error) {
    answer.error = { code: error.status ?? -32603, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
