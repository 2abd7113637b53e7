import { formatMessage, type MessageId, messages } from '../../src/base/index.js';

describe('the message registry', () => {
  test('fills in arguments by their number', () => {
    expect(formatMessage('TVDC0102', 'ma-1', 'off', 'stop', 'running')).toBe(
      'virtual machine ma-1 is off; stop needs it to be running',
    );
  });

  test('every message has a severity of CIM_AlertIndication and something to do', () => {
    for (const [id, message] of Object.entries(messages)) {
      expect(id).toMatch(/^TVDC\d{4}$/);
      expect([2, 3, 5, 6]).toContain(message.severity);
      expect(message.action).not.toBe('');
      expect(formatMessage(id as MessageId)).not.toContain('{');
    }
  });
});
