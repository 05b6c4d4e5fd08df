// SPDX-License-Identifier: Apache-2.0
// A contract that uses what fabric-shim offers; `fabric-chaincode-node server` serves it.
'use strict';
const { Contract } = require('fabric-contract-api');

const ms = ({ seconds, nanos }) => Number(seconds) * 1000 + Math.floor(nanos / 1e6);

async function rows(iterable) {
  const found = [];
  for await (const { key, value } of iterable) {
    found.push([key, Buffer.from(value).toString()]);
  }
  return found;
}

class Notes extends Contract {
  constructor() {
    super('notes');
  }

  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return { key };
  }

  async fill(ctx, prefix, count) {
    const writes = [...Array(Number(count)).keys()].map((number) =>
      ctx.stub.putState(`${prefix}${String(number).padStart(4, '0')}`, Buffer.from(`${number}`)));
    await Promise.all(writes);
  }

  async get(ctx, key) {
    const value = await ctx.stub.getState(key);
    if (value.length === 0) {
      throw new Error('There is no such note.');
    }
    return { value: Buffer.from(value).toString() };
  }

  async remove(ctx, key) {
    await ctx.stub.deleteState(key);
  }

  // Two reads, two writes; the reads are asked for at once, which the shim puts in a row.
  async move(ctx, source, target, amount) {
    const found = await Promise.all([source, target].map((key) => ctx.stub.getState(key)));
    const [have, there] = found.map((value) => Number(Buffer.from(value).toString() || '0'));
    await ctx.stub.putState(source, Buffer.from(String(have - Number(amount))));
    await ctx.stub.putState(target, Buffer.from(String(there + Number(amount))));
    return { have: have - Number(amount) };
  }

  async range(ctx, start, end) {
    return rows(ctx.stub.getStateByRange(start, end));
  }

  // Leaves a range after its first row.
  async first(ctx, start, end) {
    for await (const { key } of ctx.stub.getStateByRange(start, end)) {
      await ctx.stub.putState('first', Buffer.from(key));
      return { key };
    }
    return {};
  }

  async count(ctx, start, end, into) {
    const found = await rows(ctx.stub.getStateByRange(start, end));
    await ctx.stub.putState(into, Buffer.from(String(found.length)));
    return { count: found.length };
  }

  async page(ctx, start, end, size, bookmark) {
    const asked = ctx.stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    const { iterator, metadata = {} } = await asked; // of an empty page the shim gives none
    const keys = [];
    for (let row = await iterator.next(); ; row = await iterator.next()) {
      if (row.value) {
        keys.push(row.value.key);
      }
      if (row.done) {
        break;
      }
    }
    await iterator.close();
    const { fetchedRecordsCount: count = 0, bookmark: next = '' } = metadata;
    return { keys, count, bookmark: next };
  }

  async page_and_put(ctx, start, end, key) {
    await this.page(ctx, start, end, '1', '');
    await this.put(ctx, key, 'never');
  }

  async put_part(ctx, kind, part, value) {
    await ctx.stub.putState(ctx.stub.createCompositeKey(kind, [part, 'end']), Buffer.from(value));
  }

  async parts(ctx, kind) {
    const found = await rows(ctx.stub.getStateByPartialCompositeKey(kind, []));
    return found.map(([key, value]) => [ctx.stub.splitCompositeKey(key), value]);
  }

  async history(ctx, key) {
    const found = [];
    for await (const { txId, value, timestamp, isDelete } of ctx.stub.getHistoryForKey(key)) {
      found.push({
        id: txId,
        value: Buffer.from(value).toString(),
        at: ms(timestamp),
        deleted: isDelete,
      });
    }
    return found;
  }

  async tell(ctx, value) {
    ctx.stub.setEvent('Told', Buffer.from(value));
    await ctx.stub.putState('told', Buffer.from(value));
  }

  async whoami(ctx) {
    const transient = {};
    for (const [name, value] of ctx.stub.getTransient()) {
      transient[name] = Buffer.from(value).toString();
    }
    return {
      msp: ctx.clientIdentity.getMSPID(),
      name: ctx.clientIdentity.getAttributeValue('hf.EnrollmentID'),
      id: ctx.stub.getTxID(),
      channel: ctx.stub.getChannelID(),
      at: ms(ctx.stub.getTxTimestamp()),
      transient,
    };
  }

  // Writes, tells, and fails all the same.
  async refuse(ctx, key) {
    await this.put(ctx, key, 'never');
    await this.tell(ctx, 'never');
    throw new Error('Refused, after all.');
  }

  async swallow(ctx, key) {
    try {
      await ctx.stub.getPrivateData('collection', key);
    } catch (error) {
      return { refused: error.message };
    }
    return {};
  }

  async query(ctx, text) {
    return rows(ctx.stub.getQueryResult(text));
  }

  // Never answers; says on stdout that it was asked.
  async wait() {
    process.stdout.write('waiting\n');
    await new Promise(() => {});
  }
}

module.exports.contracts = [Notes];
