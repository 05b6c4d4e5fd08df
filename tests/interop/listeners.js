// SPDX-License-Identifier: Apache-2.0
// Named event streams of a network, of four kinds, each with or without a checkpoint.
'use strict';
const { checkpointers } = require('@hyperledger/fabric-gateway');

const WAIT_MS = 20000;

const KINDS = {
  chaincode: {
    request: (network, options, chaincode) =>
      network.newChaincodeEventsRequest(chaincode, options),
    seen: (checkpoint, event) => checkpoint.checkpointChaincodeEvent(event),
    told: (event) => ({
      block: Number(event.blockNumber),
      id: event.transactionId,
      chaincode: event.chaincodeName,
      name: event.eventName,
      payload: Buffer.from(event.payload).toString(),
    }),
  },
  blocks: {
    request: (network, options) => network.newBlockEventsRequest(options),
    seen: (checkpoint, block) => checkpoint.checkpointBlock(BigInt(block.getHeader().getNumber())),
    told: (block) => ({
      block: block.getHeader().getNumber(),
      transactions: block.getData().getDataList().length,
    }),
  },
  filtered: {
    request: (network, options) => network.newFilteredBlockEventsRequest(options),
    seen: (checkpoint, block) => checkpoint.checkpointBlock(BigInt(block.getNumber())),
    told: (block) => ({
      block: block.getNumber(),
      channel: block.getChannelId(),
      transactions: block.getFilteredTransactionsList().map((each) => ({
        id: each.getTxid(),
        type: each.getType(),
        code: each.getTxValidationCode(),
        events: (each.getTransactionActions()?.getChaincodeActionsList() ?? []).map((action) => [
          action.getChaincodeEvent().getEventName(),
          action.getChaincodeEvent().getPayload().length,
        ]),
      })),
    }),
  },
  private: {
    request: (network, options) => network.newBlockAndPrivateDataEventsRequest(options),
    seen: (checkpoint, both) =>
      checkpoint.checkpointBlock(BigInt(both.getBlock().getHeader().getNumber())),
    told: (both) => ({
      block: both.getBlock().getHeader().getNumber(),
      transactions: both.getBlock().getData().getDataList().length,
      private: both.getPrivateDataMapMap().getLength(),
    }),
  },
};

class Listeners {
  constructor(network, chaincode) {
    this.network = network;
    this.chaincode = chaincode;
    this.opened = new Map();
    this.inMemory = new Map();
  }

  // `where` is "memory NAME", which goes on, or a file's path, which is read as after a restart.
  async checkpoint(where) {
    if (!where) {
      return undefined;
    }
    if (!where.startsWith('memory ')) {
      return checkpointers.file(where);
    }
    if (!this.inMemory.has(where)) {
      this.inMemory.set(where, checkpointers.inMemory());
    }
    return this.inMemory.get(where);
  }

  request({ kind, start }, checkpoint) {
    const startBlock = start === undefined ? undefined : BigInt(start);
    return KINDS[kind].request(this.network, { startBlock, checkpoint }, this.chaincode);
  }

  async open({ name, kind }, request, checkpoint) {
    const events = await request.getEvents();
    const iterator = events[Symbol.asyncIterator]();
    this.opened.set(name, { events, iterator, checkpoint, ...KINDS[kind] });
  }

  // The next events, each noted down in the checkpoint once it is taken.
  async take(name, count) {
    const { events, iterator, checkpoint, seen, told } = this.opened.get(name);
    const late = setTimeout(() => events.close(), WAIT_MS);
    const taken = [];
    try {
      while (taken.length < count) {
        const { value } = await iterator.next();
        taken.push(told(value));
        if (checkpoint) {
          await seen(checkpoint, value);
        }
      }
    } finally {
      clearTimeout(late);
    }
    return taken;
  }

  close(name) {
    this.opened.get(name).events.close();
    this.opened.delete(name);
  }

  closeAll() {
    for (const name of [...this.opened.keys()]) {
      this.close(name);
    }
  }
}

module.exports = { Listeners };
