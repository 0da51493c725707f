import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClosableConnection } from './connection.ts';

class Closable extends ClosableConnection {
  pendingBytes = 0;
  write(): void {}
  writeThen(): void {}
  end(): void {
    this.hasClosed();
  }
  destroy(): void {
    this.hasClosed();
  }
}

describe('the end of a connection', () => {
  for (const count of [0, 1, 2, 3]) {
    test(`${count} listeners hear of it, each once and in order`, () => {
      const connection = new Closable();
      const heard: number[] = [];
      for (let n = 0; n < count; n++) connection.onClose(() => heard.push(n));
      assert.equal(connection.closed, false);
      connection.end();
      connection.destroy();
      assert.equal(connection.closed, true);
      assert.deepEqual(
        heard,
        Array.from({ length: count }, (_, n) => n),
      );
    });

    test(`one of ${count + 1} need not hear any more, the others do`, () => {
      const connection = new Closable();
      const heard: number[] = [];
      const listeners = Array.from({ length: count + 1 }, (_, n) => () => void heard.push(n));
      for (const listener of listeners) connection.onClose(listener);
      connection.offClose(listeners[0]!);
      connection.end();
      assert.deepEqual(
        heard,
        Array.from({ length: count }, (_, n) => n + 1),
      );
    });
  }

  test('who listens too late hears at once', () => {
    const connection = new Closable();
    connection.end();
    let heard = 0;
    connection.onClose(() => heard++);
    assert.equal(heard, 1);
  });

  test('a listener sees it closed, and may listen again', () => {
    const connection = new Closable();
    const heard: string[] = [];
    connection.onClose(() => {
      heard.push(`closed: ${connection.closed}`);
      connection.onClose(() => heard.push('again'));
    });
    connection.end();
    assert.deepEqual(heard, ['closed: true', 'again']);
  });

  test('forgetting a stranger, or after the end, changes nothing', () => {
    const connection = new Closable();
    let heard = 0;
    const listener = () => heard++;
    connection.onClose(listener);
    connection.offClose(() => {});
    connection.end();
    connection.offClose(listener);
    assert.equal(heard, 1);
    assert.equal(connection.closed, true);
  });
});
